/** The configuration key that holds a whole environment. */
export const ENVIRONMENT_KEY = "doom-coding:environment";

/** The configuration key of the secrets that a user sets: a map, wholly encrypted. */
export const SECRETS_KEY = "doom-coding:secrets";

/**
 * The configuration key that says how often each generated secret was made anew, by its name.
 *
 * Declared and not done by a command alone, so that every later `pulumi up` agrees with it. Plain: a
 * number tells nothing about a secret.
 */
export const ROTATIONS_KEY = "doom-coding:rotations";

/** The keys of this project in a stack's configuration; any other is an error. */
export const KNOWN_KEYS: readonly string[] = [ENVIRONMENT_KEY, SECRETS_KEY, ROTATIONS_KEY];
