import { z } from "zod";
import { ConfigError } from "./errors";
import { integer, text } from "./fields";
import { ROTATIONS_KEY } from "./keys";
import { problemsOf } from "./problems";
import { CERTIFICATE, passwordName } from "./secrets";

/** What a generator is given of it. None reads it: that it changes is what makes one run again. */
export const ROTATION_VARIABLE = "DOOM_ROTATION";

const MAX_ROTATIONS = 1_000_000;
const NAME = /^(certificate|code-server-([1-9]|[1-4][0-9]|50))$/;

/**
 * Any name that an environment can have, not only those that it has at the moment: an editor that is
 * left out for a while must come back with the password that its volume goes with.
 */
export const rotationsSchema = z
  .record(
    text(`a secret's name: ${CERTIFICATE}, or ${passwordName(1)} to ${passwordName(50)}`, NAME),
    integer(1, MAX_ROTATIONS),
    { error: `a map such as {"${passwordName(1)}": 1}` },
  )
  .describe("How often each secret was made anew; `doom secrets rotate` counts up.");

/**
 * Checks the value of `doom-coding:rotations`; what is not in it was never made anew.
 *
 * Throws {@link ConfigError} with every problem.
 */
export function parseRotations(value: unknown): ReadonlyMap<string, number> {
  if (value === undefined) return new Map();
  const result = rotationsSchema.safeParse(value);
  if (!result.success) throw new ConfigError(problemsOf(result.error, value, ROTATIONS_KEY));
  return new Map(Object.entries(result.data));
}
