import { createHash } from "node:crypto";

const LENGTH = 12;

/**
 * A short name for a secret with enough entropy that a hash of it gives nothing away: a key or a salted
 * hash, never a password itself.
 */
export function secretFingerprint(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, LENGTH);
}
