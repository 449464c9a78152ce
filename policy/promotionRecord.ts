import { readFileSync } from "node:fs";
import path from "node:path";
import { parsePromotionRecord, type RecordFound } from "../checks/rules/promotedImages";

/** Reads a promotion record; `file` is relative to the folder of the pack, which it runs in. */
export function readPromotionRecord(file: string): RecordFound {
  const absolute = path.resolve(file);
  try {
    return parsePromotionRecord(JSON.parse(readFileSync(absolute, "utf8")));
  } catch (error) {
    // A stack that demands a record and has none is refused: the rule turns this into its problem.
    return { unreadable: `${absolute}: ${(error as Error).message}` };
  }
}
