/** What looks like a secret: tokens by the shape that their issuers give them, the rest by its name. */

/** Shapes from the issuers' documentation and the rules of gitleaks and secretlint. */
const TOKENS: readonly (readonly [RegExp, string])[] = [
  [/\$argon2(id|i|d)\$/, "an Argon2 hash, which opens code-server like the password itself"],
  [/\btskey-[a-z]+-\w{8,}/, "a Tailscale key"],
  [/\bsk-ant-[\w-]{16,}/, "an Anthropic key"],
  [/\bsk-(proj-)?[A-Za-z0-9_-]{32,}/, "an API key"],
  [/\bpul-[0-9a-f]{40}\b/, "a Pulumi access token"],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}/, "a GitHub token"],
  [/\bgithub_pat_\w{22,}/, "a GitHub token"],
  [/\bglpat-[\w-]{20,}/, "a GitLab token"],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/, "an AWS access key"],
  [/\bxox[abeoprs]-[\w-]{10,}/, "a Slack token"],
  [/\bAGE-SECRET-KEY-1[A-Z0-9]{20,}/, "an age key"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, "a private key"],
  [/\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/, "a signed token (JWT)"],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/i, "an address with a password"],
  [/\bv1:[A-Za-z0-9+/]{12,}={0,2}:[A-Za-z0-9+/]{8,}={0,2}/, "Pulumi ciphertext"],
];

/** Words that make a name a secret's, as a whole part of it: `API_KEY`, not `KEYBOARD`. */
const SECRET_NAME =
  /(^|[_.-])(PASSWORD|PASSWD|PASSPHRASE|PASS|SECRET|TOKEN|AUTHKEY|APIKEY|(API|AUTH|ACCESS|PRIVATE|SECRET|ENCRYPTION|SIGNING)[_.-]?KEY|CREDENTIALS?|COOKIE_SECRET)($|[_.-])/i;

/** A value that only says where the secret lies: a path, as of `FILE__X` and `X_FILE`, or `file:/path`. */
const PLACE = /^(file:)?\/[^\s]*$/;

/** What kind of secret a text holds, or undefined. */
export function secretIn(text: string): string | undefined {
  return TOKENS.find(([shape]) => shape.test(text))?.[1];
}

/** What kind of secret a named value is, or undefined. Empty values hold none, whatever the name. */
export function secretInSetting(name: string, value: string): string | undefined {
  const token = secretIn(value);
  if (token !== undefined || value === "" || !SECRET_NAME.test(name)) return token;
  return PLACE.test(value) ? undefined : "the value of a secret, by its name";
}

const SHOWN_CHARACTERS = 100;

/** A value as a message may show it: quoted, shortened, and not at all when it looks like a secret. */
export function show(value: string): string {
  if (secretIn(value) !== undefined) return "text that looks like a secret (not shown)";
  const cut = value.length > SHOWN_CHARACTERS;
  return `${JSON.stringify(cut ? value.slice(0, SHOWN_CHARACTERS) : value)}${cut ? "…" : ""}`;
}
