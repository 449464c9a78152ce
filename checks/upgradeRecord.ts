import { isDeepStrictEqual } from "node:util";
import type { ManifestEnd } from "./manifest";
import { sealed, sha256 } from "./seal";

/** What is kept of an upgrade or a way back: what happened, and what it takes to go back. */

/** An image as a record names it. */
export interface RecordedImage {
  /** Content address, `sha256:…`. */
  readonly id: string;
  readonly version?: string;
}

/** One check of the deep gate, as a record keeps it. */
export interface RecordedCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly evidence: string;
  readonly milliseconds: number;
}

export interface RecordedEditor {
  readonly instance: number;
  readonly from?: RecordedImage;
  readonly to: RecordedImage;
  /** The volume with the data that this replaced. */
  readonly copy: string;
  /** Of the data when the replacement began: what the copy holds, or what a way back restored. */
  readonly manifest: ManifestEnd;
  /** Name of the file with the whole manifest, in the record's folder. */
  readonly manifestFile: string;
  readonly extensions: readonly string[];
  /** Milliseconds of the steps, by name. */
  readonly timings: Readonly<Record<string, number>>;
  /** What the deep gate found on the live one; empty when it was not asked. */
  readonly checks: readonly RecordedCheck[];
}

export interface UpgradeRecord {
  readonly record: 1;
  /** `20261125T001530-1a2b3c4d`: sorts by time. */
  readonly id: string;
  readonly stack: string;
  /** What was upgraded: `code-server`. */
  readonly service: string;
  readonly kind: "upgrade" | "rollback";
  /** `verified`: all was found to be right; `unverified`: it ended, or was ended, before that. */
  readonly result: "verified" | "unverified";
  /** `user@host`. */
  readonly who: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** The text of the stack's file before, and the SHA-256 of it; absent when nobody has kept it. */
  readonly stackFile?: { readonly text: string; readonly sha256: string };
  /** SHA-256 of the stack's file afterwards. */
  readonly stackFileAfter: string;
  /** Its containers; named for the first service that there was. */
  readonly editors: readonly RecordedEditor[];
  /** Of a way back: the record of the upgrade that it takes back. */
  readonly takesBack?: string;
  /** Seconds that the new version was watched after it was verified. */
  readonly watchedSeconds?: number;
}

/** A text is not a record as this program wrote it. */
export class RecordError extends Error {}

/** The text of a record's file. */
export function sealRecord(record: UpgradeRecord): string {
  return `${JSON.stringify({ ...record, checksum: sealed(record) }, null, 2)}\n`;
}

/** Reads it again. Throws {@link RecordError} for anything that was changed since. */
export function unsealRecord(text: string): UpgradeRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON is one of the answers.
    throw new RecordError("is cut off or altered: not JSON");
  }
  const { checksum, ...record } = (value ?? {}) as UpgradeRecord & { checksum?: unknown };
  if (record.record !== 1) throw new RecordError("is no record of this version");
  if (checksum !== sealed(record)) {
    throw new RecordError("was changed after it was written: its checksum does not fit");
  }
  const { stackFile } = record;
  if (stackFile && sha256(stackFile.text) !== stackFile.sha256) {
    throw new RecordError("holds another stack file than it says");
  }
  return record;
}

/**
 * The record of the upgrade that a way back is to take back.
 *
 * `wanted` is the beginning of its ID; without it, the newest whose images are those that run, by the number of
 * the editor. Undefined when there is none.
 */
export function chooseRecord(
  records: readonly UpgradeRecord[],
  running: ReadonlyMap<number, string>,
  wanted?: string,
): UpgradeRecord | undefined {
  const upgrades = records
    .filter(({ kind }) => kind === "upgrade")
    .sort((a, b) => (a.id < b.id ? 1 : -1));
  if (wanted !== undefined) {
    const found = upgrades.filter(({ id }) => id.startsWith(wanted) || id.endsWith(`-${wanted}`));
    return found.length === 1 ? found[0] : undefined;
  }
  return upgrades.find(({ editors }) =>
    editors.every(({ instance, to }) => [to.id, undefined].includes(running.get(instance))),
  );
}

/** How many upgrades of a service one can go back over; older copies of data are removed. */
export const KEPT_COPIES = 3;

/** The copies that no record needs which one may still go back to, of those that are there. */
export function copiesToRemove(
  records: readonly UpgradeRecord[],
  present: readonly string[],
): string[] {
  const upgrades = records
    .filter(({ kind }) => kind === "upgrade")
    .sort((a, b) => (a.id < b.id ? 1 : -1));
  const kept = [...new Set(upgrades.map(({ service }) => service))].flatMap((service) =>
    upgrades
      .filter((upgrade) => upgrade.service === service)
      .slice(0, KEPT_COPIES)
      .flatMap(({ editors }) => editors.map(({ copy }) => copy)),
  );
  const known = new Set(records.flatMap(({ editors }) => editors.map(({ copy }) => copy)));
  // What no record knows belongs to an upgrade that is under way.
  return present.filter((name) => known.has(name) && !kept.includes(name));
}

/** What was found after a way back. */
export interface Returned {
  /** Content addresses of the images that run, by the number of the editor. */
  readonly images: ReadonlyMap<number, string>;
  readonly stackFile: string;
  /** What the stack's file was to be: the record's, but for secrets that were changed since. */
  readonly intended: string;
  /** The manifests of the data, by the number of the editor. */
  readonly manifests: ReadonlyMap<number, ManifestEnd>;
}

export interface ReturnClaim {
  readonly what: string;
  readonly holds: boolean;
  readonly expected: string;
  readonly found: string;
}

/**
 * Whether image, configuration and data are each what the record says they were before the upgrade.
 *
 * `titleOf` names the one of a number: `editor 1`.
 */
export function returnClaims(
  record: UpgradeRecord,
  titleOf: (instance: number) => string,
  returned: Returned,
): ReturnClaim[] {
  const claim = (what: string, expected: unknown, found: unknown): ReturnClaim => ({
    what,
    holds: isDeepStrictEqual(expected, found) && expected !== undefined,
    expected: String(expected),
    found: String(found),
  });
  return [
    ...record.editors.map(({ instance, from }) =>
      claim(`image of ${titleOf(instance)}`, from?.id, returned.images.get(instance)),
    ),
    claim("configuration", sha256(returned.intended), sha256(returned.stackFile)),
    ...record.editors.map(({ instance, manifest }) =>
      claim(
        `data of ${titleOf(instance)}`,
        manifest.digest,
        returned.manifests.get(instance)?.digest,
      ),
    ),
  ];
}
