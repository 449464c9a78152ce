/** The node that an environment may have in a tailnet. */

/** In userspace every packet is copied through the program: more than a kernel's interface would need. */
export const TAILSCALE_LIMITS = { cpus: 0.5, memoryMebibytes: 256 } as const;

/** The name in `doom-coding:secrets` of the key with which it joins; only the user can give it. */
export const TAILSCALE_KEY = "tailscale";

const MIN_CHARACTERS = 16;
const MAX_CHARACTERS = 1024;
const AUTH_KEY = "tskey-auth-";

/**
 * What is wrong with an auth key, or undefined; `isTailscales` says whether it is for Tailscale's own server, whose
 * keys say what they are for. Whether a key is valid only the server knows.
 */
export function tailscaleKeyProblem(key: unknown, isTailscales: boolean): string | undefined {
  if (typeof key !== "string") return "must be text; quote it in YAML";
  if (key.trim() === "") return "is empty or blank";
  if (/\s/.test(key)) return "holds white space or a line break: paste it without";
  if (!/^[\x21-\x7e]+$/.test(key)) return "holds characters that no auth key has";
  if (/^v\d:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/.test(key))
    return "is Pulumi ciphertext, pasted instead of the value";
  if (key.startsWith("tskey-") && !key.startsWith(AUTH_KEY))
    return `is another kind of Tailscale key; an auth key begins with ${AUTH_KEY}`;
  if (isTailscales && !key.startsWith(AUTH_KEY))
    return `is no auth key of Tailscale's: those begin with ${AUTH_KEY}; for a server of your own set tailscale.controlServer`;
  if (key.length < MIN_CHARACTERS) return `is shorter than ${MIN_CHARACTERS} characters`;
  if (key.length > MAX_CHARACTERS) return `is longer than ${MAX_CHARACTERS} characters`;
  if (/^(tskey-auth-)?(x+|\.+|\*+)$/i.test(key) || /[<>[\]]/.test(key)) return "is a placeholder";
  return undefined;
}
