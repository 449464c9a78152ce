import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CopyRecord } from "./copyRecord";
import { writeDurably } from "./durableFile";
import { errorCode } from "./failure";

/** What is remembered of an adoption once its data is copied; goes with the record of the copy. */
export interface AdoptionNote {
  readonly adoption: 1;
  /** The `.env` of the setup. */
  readonly env: string;
  /** ISO 8601: until when the old editor's work is in the copy. */
  readonly copiedAt: string;
  /** What the old editor had installed then. */
  readonly extensions: readonly string[];
  /** ISO 8601: when everything had been proven; absent before. */
  readonly adoptedAt?: string;
}

const fileOf = ({ folder }: Pick<CopyRecord, "folder">) => join(folder, "adoption.json");

/** The note beside a copy's record; undefined when that is no copy of an adoption. */
export function readNote(record: Pick<CopyRecord, "folder">): AdoptionNote | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(record), "utf8")) as AdoptionNote;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes the note; it is there as a whole or as it was. */
export function writeNote(record: Pick<CopyRecord, "folder">, note: AdoptionNote): void {
  writeDurably(fileOf(record), `${JSON.stringify(note)}\n`);
}
