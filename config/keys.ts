/** The configuration key that holds a whole environment. */
export const ENVIRONMENT_KEY = "doom-coding:environment";

/** The configuration key of the secrets that a user sets: a map, wholly encrypted. */
export const SECRETS_KEY = "doom-coding:secrets";
