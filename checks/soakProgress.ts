/** How far a soak is: the same work many times over, each time with another seed. */
export interface SoakProgress {
  readonly soak: string;
  /** The first of the seeds; each time takes the next one. */
  readonly seed: number;
  /** How many times there are to be. */
  readonly count: number;
  /** One sentence for each time that passed, in their order. */
  readonly passed: readonly string[];
}

/** What was asked for. */
export type SoakRequest = Omit<SoakProgress, "passed" | "seed"> & { readonly seed?: number };

/**
 * Where to go on: an earlier run of the same request that did not come to its end, or the beginning.
 *
 * `fresh` is the seed of a new run that names none.
 */
export function resumed(
  earlier: SoakProgress | undefined,
  { soak, count, seed }: SoakRequest,
  fresh: number,
): SoakProgress {
  const isSame =
    earlier?.soak === soak && earlier.count === count && (seed ?? earlier.seed) === earlier.seed;
  if (isSame && earlier.passed.length < count) return earlier;
  return { soak, seed: seed ?? fresh, count, passed: [] };
}

/** The seed of the next time. */
export function nextSeed({ seed, passed }: SoakProgress): number {
  return seed + passed.length;
}

/** The last line of a run, whatever its end. */
export function closingLine({ soak, seed, count, passed }: SoakProgress, failed: number): string {
  return `soak ${soak}: ${passed.length} of ${count} passed, ${failed} failed, seed ${seed}`;
}
