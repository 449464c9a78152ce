/** What rsync prints, read: with `--info=progress2` and `--stats`, and `--no-human-readable`. */

/** How far a transfer is. */
export interface TransferProgress {
  /** Bytes of the files that were or need not be transferred. */
  readonly bytes: number;
  /** Of all that is to be looked at, as far as that is known; 0 to 100. */
  readonly percent: number;
  /** Files that were transferred. */
  readonly files: number;
}

/** What a transfer did. */
export interface TransferTotals {
  /** The sizes of the transferred files together, in bytes. */
  readonly bytes: number;
  readonly transferred: number;
  readonly created: number;
  readonly deleted: number;
}

/** What two passes have done together. */
export function addTotals(one: TransferTotals, other: TransferTotals): TransferTotals {
  return {
    bytes: one.bytes + other.bytes,
    transferred: one.transferred + other.transferred,
    created: one.created + other.created,
    deleted: one.deleted + other.deleted,
  };
}

/** The last progress in a piece of output; undefined when there is none. */
export function parseProgress(text: string): TransferProgress | undefined {
  const all = [...text.matchAll(/^\s*(\d+)\s+(\d+)%\s+\S+\/s\s+[\d:]+(?: \(xfr#(\d+))?/gm)];
  const last = all.at(-1);
  return last && { bytes: Number(last[1]), percent: Number(last[2]), files: Number(last[3] ?? 0) };
}

/** The totals at the end of the output. Throws when they are not there. */
export function parseTotals(text: string): TransferTotals {
  const number = (label: string) => {
    const match = new RegExp(`^${label}: (\\d+)`, "m").exec(text);
    if (match === null) throw new Error(`rsync printed no "${label}"`);
    return Number(match[1]);
  };
  return {
    bytes: number("Total transferred file size"),
    transferred: number("Number of regular files transferred"),
    created: number("Number of created files"),
    deleted: number("Number of deleted files"),
  };
}
