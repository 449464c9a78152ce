/**
 * What a benchmark's samples say, and whether they stay within their bound.
 *
 * Times of this machine say nothing about another one, and little about itself an hour later. So each
 * round times both contestants, one after the other, and what is judged is the ratio within the round.
 */

/** What was measured of one thing; one for each round, in the order of the rounds. */
export type Samples = readonly number[];

/** `fewMilliseconds`: of what is over in much less than a second, and shown as such. */
export type Unit = "milliseconds" | "fewMilliseconds" | "bytes";

/** One comparison: ours against a peer, or against ours in another condition. */
export interface Comparison {
  /** What was done, such as `up of 5`. */
  readonly figure: string;
  readonly ours: Samples;
  /** Whom it is compared with, such as `docker-compose`. */
  readonly peer: string;
  readonly theirs: Samples;
  /** Of both sides; milliseconds when absent. */
  readonly unit?: Unit;
  /** The highest median ratio that is allowed; absent for a figure that is only reported. */
  readonly bound?: number;
  /** The highest median of what ours takes longer, in its unit: for what is added to the same work. */
  readonly boundOfExtra?: number;
}

export interface Spread {
  readonly minimum: number;
  readonly median: number;
}

/** `held` and `exceeded` judge a bound, `reported` has none. */
export type Verdict = "held" | "exceeded" | "reported";

export interface Judgement {
  readonly figure: string;
  readonly peer: string;
  readonly unit: Unit;
  readonly ours: Spread;
  readonly theirs: Spread;
  /** Ours divided by theirs, round by round. */
  readonly ratio: Spread;
  /** Ours less theirs, round by round. */
  readonly extra: Spread;
  readonly bound?: number;
  readonly boundOfExtra?: number;
  readonly verdict: Verdict;
}

/** Smallest and middle value; of an even number of values, the mean of the middle two. Throws on none. */
export function spread(values: Samples): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const minimum = sorted[0];
  if (minimum === undefined || lower === undefined || upper === undefined) {
    throw new Error("no samples: a figure that was not measured cannot be judged");
  }
  return { minimum, median: (lower + upper) / 2 };
}

/**
 * Judges one comparison by the median of its rounds: one disturbed round neither fails nor saves it.
 *
 * Throws when the two sides do not have the same number of usable samples.
 */
export function judge(comparison: Comparison): Judgement {
  const { figure, peer, ours, theirs, unit = "milliseconds", bound, boundOfExtra } = comparison;
  const usable = (value: number) => Number.isFinite(value) && value > 0;
  if (ours.length !== theirs.length || ![...ours, ...theirs].every(usable)) {
    throw new Error(
      `${figure}: ${ours.length} samples against ${theirs.length} of ${peer}; each round needs a value above 0 of both`,
    );
  }
  const byRound = (relate: (our: number, their: number) => number) =>
    spread(ours.map((time, round) => relate(time, theirs[round] as number)));
  const ratio = byRound((our, their) => our / their);
  const extra = byRound((our, their) => our - their);
  const exceeded =
    ratio.median > (bound ?? Number.POSITIVE_INFINITY) ||
    extra.median > (boundOfExtra ?? Number.POSITIVE_INFINITY);
  const isJudged = bound !== undefined || boundOfExtra !== undefined;
  return {
    figure,
    peer,
    unit,
    ours: spread(ours),
    theirs: spread(theirs),
    ratio,
    extra,
    ...(bound === undefined ? {} : { bound }),
    ...(boundOfExtra === undefined ? {} : { boundOfExtra }),
    verdict: !isJudged ? "reported" : exceeded ? "exceeded" : "held",
  };
}

/** Whether a run may end with success: it judged something, and every bound is held. */
export function allHeld(judgements: readonly Judgement[]): boolean {
  return judgements.length > 0 && judgements.every(({ verdict }) => verdict !== "exceeded");
}
