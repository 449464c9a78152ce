import type { SecretEntry } from "./secretInventory";

/** Which secrets a rotation is about. */
export interface RotationTargets {
  /** Those to be made anew. */
  readonly rotate: readonly SecretEntry[];
  /** Those that only the user can replace. */
  readonly skip: readonly SecretEntry[];
}

/** Why a rotation cannot be done as asked, and what to do instead. */
export interface RotationProblem {
  readonly problem: string;
  readonly fix: string;
}

/**
 * Chooses among the secrets of `stack`: those called `names`, or all when there are none.
 *
 * A password that the user set is never replaced by another one without a word: left out of "all",
 * refused by name.
 */
export function rotationTargets(
  stack: string,
  entries: readonly SecretEntry[],
  names: readonly string[],
): RotationTargets | RotationProblem {
  const known = entries.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    return {
      problem: `${stack} has no secret ${JSON.stringify(unknown)}.`,
      fix: `its secrets are ${known.join(", ")}`,
    };
  }
  const wanted = names.length === 0 ? entries : entries.filter(({ name }) => names.includes(name));
  const notMade = wanted.find(({ since }) => since === undefined);
  if (notMade) {
    return {
      problem: `The secret ${notMade.name} of ${stack} was not made yet.`,
      fix: `npx doom up ${stack}`,
    };
  }
  const skip = wanted.filter(({ source }) => source === "set");
  const rotate = wanted.filter(({ source }) => source === "generated");
  const first = names.length > 0 || rotate.length === 0 ? skip[0] : undefined;
  if (first) {
    return {
      problem: `The password ${first.name} of ${stack} was set by you: a generated one would replace it without a word.`,
      fix: `set another one: npx doom secrets set ${stack} ${first.name}; or go back to generated ones: npx doom secrets unset ${stack} ${first.name}`,
    };
  }
  return { rotate, skip };
}
