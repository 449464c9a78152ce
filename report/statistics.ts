/** What a sample says about what it was drawn from. */

/** The level of confidence of every bound in the report. */
export const CONFIDENCE = 0.95;

/**
 * The lower bound of a rate by its sample: one-sided, exact.
 *
 * C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
 * binomial", Biometrika 26 (1934): the rate at which as many successes, or more, would come with the probability
 * 1 - confidence. For n of n that is (1 - confidence)^(1/n). Throws for counts that are none.
 */
export function lowerBound(passed: number, total: number, confidence = CONFIDENCE): number {
  const isCount = Number.isInteger(passed) && Number.isInteger(total);
  if (!isCount || passed < 0 || total < 1 || passed > total) {
    throw new RangeError(`${passed} of ${total} is no rate`);
  }
  if (passed === 0) return 0;
  const wanted = 1 - confidence;
  if (passed === total) return wanted ** (1 / total);
  const coefficients = logCoefficients(passed, total);
  let [low, high] = [0, 1];
  // A double has 52 binary places.
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (atLeast(middle, passed, total, coefficients) < wanted) low = middle;
    else high = middle;
  }
  return low;
}

/** Logarithms of the binomial coefficients (total over i), for i from `passed` to `total`. */
function logCoefficients(passed: number, total: number): number[] {
  const factorials = [0];
  for (let i = 1; i <= total; i += 1) factorials.push((factorials[i - 1] as number) + Math.log(i));
  const of = (i: number) => factorials[i] as number;
  return Array.from({ length: total - passed + 1 }, (_, offset) => {
    const i = passed + offset;
    return of(total) - of(i) - of(total - i);
  });
}

/** The probability of `passed` successes or more at a rate. */
function atLeast(
  rate: number,
  passed: number,
  total: number,
  coefficients: readonly number[],
): number {
  return coefficients.reduce((sum, coefficient, offset) => {
    const i = passed + offset;
    return sum + Math.exp(coefficient + i * Math.log(rate) + (total - i) * Math.log1p(-rate));
  }, 0);
}

/** How many times in a row without a failure show a rate above `target`. */
export function passesNeeded(target: number, confidence = CONFIDENCE): number {
  return Math.floor(Math.log(1 - confidence) / Math.log(target)) + 1;
}

/** `99.9 %`: one decimal, rounded down, so that 100 stands for all of it only. */
export function percent(rate: number): string {
  const tenths = Math.floor(rate * 1000 + 1e-9) / 10;
  return `${Number.isInteger(tenths) ? tenths.toFixed(0) : tenths.toFixed(1)} %`;
}
