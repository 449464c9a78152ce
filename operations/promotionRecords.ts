import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import {
  type PromotionEntry,
  PromotionFileError,
  sealEntry,
  unsealEntries,
} from "../checks/promotion";
import type { PromotionRecord } from "../checks/rules/promotedImages";
import { syncFolder, writeDurably } from "./durableFile";
import { Failure } from "./failure";
import type { Project } from "./project";

/** What was promoted to an environment: a file that only grows, and what the policy pack reads of it. */

/** The entries, a line each, the oldest first. */
export function promotionsFile(project: Project, stack: string): string {
  return join(project.stateFolder, "promotions", `${stack}.jsonl`);
}

/** The images that the environment may run, as the policy `stack-promoted-images` reads them. */
export function promotedImagesFile(project: Project, stack: string): string {
  return join(project.stateFolder, "promotions", `${stack}.json`);
}

/** Every promotion to a stack. Throws a {@link Failure} for a file that was changed. */
export function readPromotions(project: Project, stack: string): readonly PromotionEntry[] {
  return read(project, stack).entries;
}

function read(project: Project, stack: string): { entries: PromotionEntry[]; last: string } {
  const file = promotionsFile(project, stack);
  if (!existsSync(file)) return { entries: [], last: "" };
  try {
    return unsealEntries(readFileSync(file, "utf8"));
  } catch (error) {
    if (!(error instanceof PromotionFileError)) throw error;
    throw new Failure("state", `The record of promotions ${file}: ${error.message}.`, {
      fix: "restore it from a backup of the state folder",
    });
  }
}

/** What tells one entry from another: when, by whom, and an ID that sorts by time. */
export function entryHead(): Pick<PromotionEntry, "id" | "at" | "who"> {
  const at = new Date().toISOString();
  return {
    id: `${at.replace(/[-:]|\..*/g, "")}-${randomBytes(4).toString("hex")}`,
    at,
    who: `${userInfo().username}@${hostname()}`,
  };
}

/** Adds an entry, on the disk before this returns. Throws a {@link Failure}. */
export function recordPromotion(project: Project, entry: PromotionEntry): void {
  const file = promotionsFile(project, entry.to);
  const { last } = read(project, entry.to);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, `${sealEntry(entry, last)}\n`, { mode: 0o600, flush: true });
  syncFolder(dirname(file));
}

/** Says which images the stack may run; gives what puts back what was said before. */
export function allowImages(project: Project, stack: string, record: PromotionRecord): () => void {
  const file = promotedImagesFile(project, stack);
  const before = existsSync(file) ? readFileSync(file) : undefined;
  writeDurably(file, `${JSON.stringify(record, null, 2)}\n`);
  return () => (before === undefined ? rmSync(file, { force: true }) : writeDurably(file, before));
}
