/** The node that an environment may have in a tailnet. */

/** In userspace every packet is copied through the program: more than a kernel's interface would need. */
export const TAILSCALE_LIMITS = { cpus: 0.5, memoryMebibytes: 256 } as const;

/** How an auth key of Tailscale's own control server begins; other servers have other forms. */
const AUTH_KEY = "tskey-auth-";

/**
 * What is wrong with an auth key for a tailnet, or undefined. Never repeats it.
 *
 * `isTailscales` says whether it is for Tailscale's own server. Whether a key is valid only the server knows.
 */
export function authKeyProblem(key: string, isTailscales: boolean): string | undefined {
  if (key.startsWith(AUTH_KEY)) return undefined;
  if (key.startsWith("tskey-"))
    return `is another kind of Tailscale key; an auth key begins with ${AUTH_KEY}`;
  return isTailscales
    ? `is no auth key of Tailscale's: those begin with ${AUTH_KEY}; for a server of your own set tailscale.controlServer`
    : undefined;
}
