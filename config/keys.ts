import { ROTATIONS_KEY } from "./rotations";
import { ENVIRONMENT_KEY } from "./schema";
import { SECRETS_KEY } from "./secrets";

/** The keys of this project in a stack's configuration; any other is an error. */
export const KNOWN_KEYS: readonly string[] = [ENVIRONMENT_KEY, SECRETS_KEY, ROTATIONS_KEY];
