/** How many bytes at the end of a window decide whether anything can end there. */
const BLOCK = 3;
/** What a table of bytes can hold. */
const MAX_SHIFT = 255;
/** A table that stays in the processor's cache. */
const HASHES = 1 << 18;

/**
 * Looks for many texts at once in bytes that arrive in parts: the algorithm of Wu and Manber
 * (A Fast Algorithm for Multi-Pattern Searching, 1994).
 *
 * Of a window as long as the shortest text it looks at the last three bytes only, and moves on by as
 * much as no text allows to stop before. So the longer the texts, the fewer bytes it touches.
 */
export class TextSearch {
  private readonly window: number;
  private readonly longest: number;
  private readonly shifts: Uint8Array;
  /** By the hash of the three bytes at the end of their window: positions in `texts`. */
  private readonly candidates = new Map<number, number[]>();

  /** `texts` must not be empty, and none shorter than three bytes. */
  constructor(private readonly texts: readonly Buffer[]) {
    const lengths = texts.map(({ length }) => length);
    this.longest = Math.max(...lengths);
    this.window = Math.min(...lengths, MAX_SHIFT + BLOCK - 1);
    if (texts.length === 0 || this.window < BLOCK) throw new Error("a text is too short to search");
    this.shifts = new Uint8Array(HASHES).fill(this.window - BLOCK + 1);
    for (const [position, text] of texts.entries()) this.learn(text, position);
  }

  private learn(text: Buffer, position: number): void {
    for (let end = BLOCK - 1; end < this.window; end += 1) {
      const hash = hashAt(text, end);
      const shift = this.window - 1 - end;
      if (shift < (this.shifts[hash] as number)) this.shifts[hash] = shift;
      if (shift > 0) continue;
      this.candidates.set(hash, [...(this.candidates.get(hash) ?? []), position]);
    }
  }

  /** A search through one stream of bytes. */
  start(): RunningSearch {
    return new RunningSearch((bytes, found) => this.look(bytes, found), this.longest - 1);
  }

  /** Adds the positions of those texts to `found` that stand in `bytes`. */
  private look(bytes: Uint8Array, found: Set<number>): void {
    const { shifts, window } = this;
    const length = bytes.length;
    for (let end = window - 1; end < length; ) {
      const hash = hashAt(bytes, end);
      const shift = shifts[hash] as number;
      if (shift === 0) this.compare(bytes, end - window + 1, hash, found);
      end += shift || 1;
    }
  }

  private compare(bytes: Uint8Array, start: number, hash: number, found: Set<number>): void {
    for (const position of this.candidates.get(hash) ?? []) {
      const text = this.texts[position] as Buffer;
      const end = start + text.length;
      if (end <= bytes.length && text.compare(bytes, start, end) === 0) found.add(position);
    }
  }
}

/** One search under way. */
export class RunningSearch {
  /** Positions of the texts that were found so far. */
  readonly found = new Set<number>();
  /** How many bytes were looked through. */
  bytes = 0;
  private rest: Uint8Array = new Uint8Array();

  constructor(
    private readonly look: (bytes: Uint8Array, found: Set<number>) => void,
    private readonly overlap: number,
  ) {}

  /** Looks through the next part; the parts may be cut anywhere, also within a text. */
  push(part: Uint8Array): void {
    this.bytes += part.length;
    const joined = this.rest.length === 0 ? part : Buffer.concat([this.rest, part]);
    this.look(joined, this.found);
    // A copy: the sender may use its memory again.
    this.rest = Buffer.from(joined.subarray(Math.max(0, joined.length - this.overlap)));
  }
}

/** Of the three bytes that end at `end`; bits that fall out at the top only cost comparisons. */
function hashAt(bytes: Uint8Array, end: number): number {
  return (
    (((bytes[end - 2] as number) << 11) ^
      ((bytes[end - 1] as number) << 5) ^
      (bytes[end] as number)) &
    (HASHES - 1)
  );
}
