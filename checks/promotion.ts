import { sealed, sha256 } from "./seal";

/** Whether what one environment has proven may go to the next: gates, the bundle, and the record of it. */

/** What is promoted, under one hash: the same hash is the same images, settings and proofs. */
export interface Bundle {
  readonly bundle: 1;
  readonly from: string;
  readonly to: string;
  /** Content addresses of the images that run there, by role. */
  readonly images: Readonly<Record<string, string>>;
  /** Settings that travel, by path. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Names of the secrets that users have set there; never a value. */
  readonly secrets: readonly string[];
  readonly verdicts: Verdicts;
  /** For how many minutes it has to have run there. */
  readonly soakMinutes: number;
  /** The upgrade that brought the image there; `none` when it was there from the beginning. */
  readonly upgrade: "none" | { readonly record: string; readonly result: string };
  /** The last drill of snapshots, of the source or else of the target. */
  readonly drill: "none" | { readonly stack: string; readonly at: string; readonly result: string };
}

/** What was found out about the source at this moment. */
export interface Verdicts {
  /** Whether no policy objects to an up of it. */
  readonly policies: "passed" | "failed";
  /** Whether it and the target are kept apart as declared. */
  readonly isolation: "proven" | "not proven";
}

/** SHA-256 of a bundle, as `sha256:` and hexadecimal digits, whatever the order of its keys. */
export function bundleHash(bundle: Bundle): string {
  return `sha256:${sealed(bundle)}`;
}

/** One gate, with what it found. */
export interface Gate {
  readonly name: string;
  readonly passed: boolean;
  readonly evidence: string;
}

/** What the target's configuration asks of whoever is promoted to it. */
export interface PromotionTerms {
  readonly from: string;
  readonly soakMinutes: number;
  readonly approvals: readonly string[];
}

/** A container of the source. */
export interface Runner {
  readonly name: string;
  readonly healthy: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

export interface GateFacts {
  readonly terms: PromotionTerms;
  readonly runners: readonly Runner[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What an up of the source would change, or why its preview was refused. */
  readonly drift: readonly string[];
  /** Why it is not proven that the source and the target are kept apart as declared. */
  readonly together: readonly string[];
  /** Upgrades of the source that were not verified. */
  readonly unverified: readonly string[];
  /** Volumes of the target that hold as much as is declared for them. */
  readonly full: readonly string[];
  readonly approvedBy: readonly string[];
  /** Names of the secrets that users have set in the source and in the target. */
  readonly secrets: { readonly source: readonly string[]; readonly target: readonly string[] };
  readonly hash: string;
  /** The hash that was asked for; undefined when any will do. */
  readonly expected: string | undefined;
}

/** Of all that one hole opens, so many lines are evidence enough. */
const SHOWN = 5;

/** Whether environments are kept apart as declared; `problems` say why that is not proven. */
export function isolationGate(problems: readonly string[]): Gate {
  const more = problems.length - SHOWN;
  const shown = [...problems.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])];
  return gate("isolated", shown, "kept apart as declared, found out by trying it");
}

/** Every gate before a promotion, passed or not. */
export function gatesBefore(facts: GateFacts): Gate[] {
  const { terms, runners, drift, together, unverified, full, secrets, hash, expected } = facts;
  const ill = runners.filter(({ healthy }) => !healthy).map(({ name }) => name);
  const missing = secrets.source.filter((name) => !secrets.target.includes(name));
  return [
    gate("healthy", ill, `${runners.length} containers of ${terms.from} are healthy`, {
      none: runners.length === 0 ? `nothing of ${terms.from} runs` : undefined,
    }),
    soakGate(facts),
    gate(
      "as declared",
      drift,
      `an up of ${terms.from} would change nothing, and no policy objects`,
    ),
    isolationGate(together),
    gate("verified", unverified, "no upgrade waits for its verification"),
    gate("storage", full, "the target has room for what it may be taken back to"),
    gate(
      "secrets",
      missing.map((name) => `${name} is set in ${terms.from} and not in the target`),
      "the target has every secret that users have set, by name",
    ),
    approvalGate(facts),
    gate(
      "bundle",
      expected === undefined || expected === hash
        ? []
        : [`is ${hash}, and ${expected} was asked for`],
      hash,
    ),
  ];
}

function gate(
  name: string,
  problems: readonly string[],
  evidence: string,
  { none }: { readonly none?: string | undefined } = {},
): Gate {
  const all = none === undefined ? problems : [none];
  return { name, passed: all.length === 0, evidence: all.length === 0 ? evidence : all.join("; ") };
}

const MINUTE_MS = 60_000;

/** The youngest container decides; one from the future has run for no time. */
function soakGate({ terms, runners, now }: GateFacts): Gate {
  const youngest = Math.max(...runners.map(({ startedAt }) => startedAt));
  const minutes = Math.max(0, (now - youngest) / MINUTE_MS);
  const enough = runners.length > 0 && minutes >= terms.soakMinutes;
  const text = `has run for ${minutes.toFixed(1)} of ${terms.soakMinutes} minutes`;
  return { name: "soak", passed: enough, evidence: `${terms.from} ${text}` };
}

function approvalGate({ terms, approvedBy }: GateFacts): Gate {
  const missing = terms.approvals.filter((name) => !approvedBy.includes(name));
  const evidence =
    terms.approvals.length === 0
      ? "none is asked for"
      : `approved by ${terms.approvals.join(", ")}`;
  return gate(
    "approvals",
    missing.map((name) => `${name} has not approved (--approved-by ${name})`),
    evidence,
  );
}

/** One line of the record of promotions, as it stands in the file but for its seal. */
export interface PromotionEntry {
  readonly promotion: 1;
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: "promotion" | "undo";
  /**
   * `refused`: a gate before it; `failed`: on the way, and the target is as it was; `interrupted`: by the user, and
   * the same command goes on.
   */
  readonly result: "promoted" | "refused" | "failed" | "interrupted" | "undone";
  /** `user@host`. */
  readonly who: string;
  readonly approvedBy: readonly string[];
  /** ISO 8601. */
  readonly at: string;
  readonly bundle: Bundle;
  readonly hash: string;
  readonly gates: readonly Gate[];
  /** Those behind it, in the target; undefined unless it was promoted. */
  readonly gatesAfter?: readonly Gate[];
  /** The target's record of the upgrade; undefined when the image stayed. */
  readonly upgradeRecord?: string;
  /** The text of the target's stack file before, and the images that ran there: what an undo returns to. */
  readonly stackFileBefore: string;
  readonly imagesBefore: readonly string[];
  /** Why it failed. */
  readonly because?: string;
  /** Of an undo: the promotion that it takes back. */
  readonly takesBack?: string;
}

/** The file of promotions is not as this program wrote it. */
export class PromotionFileError extends Error {}

/** The line of an entry that follows the one with the seal `previous` (empty for the first). */
export function sealEntry(entry: PromotionEntry, previous: string): string {
  return JSON.stringify({ ...entry, previous, seal: sealOf(entry, previous) });
}

/**
 * The entries of a file and the seal of the last one.
 *
 * Each line's seal covers the one before it, so that none can be changed, taken out or moved. Throws
 * {@link PromotionFileError} that names the line.
 */
export function unsealEntries(text: string): { entries: PromotionEntry[]; last: string } {
  const entries: PromotionEntry[] = [];
  let last = "";
  for (const [at, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const { previous, seal, ...entry } = parseLine(line, at + 1);
    if (previous !== last || seal !== sealOf(entry, last)) {
      throw new PromotionFileError(`line ${at + 1} was changed, or one before it was taken out`);
    }
    entries.push(entry);
    last = seal;
  }
  return { entries, last };
}

type SealedEntry = PromotionEntry & { readonly previous: string; readonly seal: string };

function parseLine(line: string, number: number): SealedEntry {
  try {
    return JSON.parse(line) as SealedEntry;
  } catch {
    // The parser's message would quote the content.
    throw new PromotionFileError(`line ${number} is cut off or altered: not JSON`);
  }
}

const sealOf = (entry: PromotionEntry, previous: string) => sha256(`${previous}${sealed(entry)}`);

/** The last promotion that was not taken back; undefined when there is none. */
export function standingPromotion(entries: readonly PromotionEntry[]): PromotionEntry | undefined {
  const undone = new Set(entries.map(({ takesBack }) => takesBack));
  return entries.filter(({ id, result }) => result === "promoted" && !undone.has(id)).at(-1);
}
