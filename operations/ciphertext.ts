import { createDecipheriv, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";

/**
 * Pulumi's encryption with a passphrase, as far as it takes to tell whether a passphrase opens something
 * (sdk/go/common/resource/config/crypt.go): PBKDF2 with SHA-256, then AES-256-GCM.
 */

const ITERATIONS = 1_000_000;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The key of a passphrase and a salt; takes about half a second of another thread. */
export function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  return promisify(pbkdf2)(passphrase, salt, ITERATIONS, KEY_BYTES, "sha256");
}

/** How many bytes are sealed in `text`; undefined unless it is `v1:<nonce>:<sealed>`, both in base64. */
export function sealedBytes(text: string): number | undefined {
  const parts = split(text);
  return parts && parts.sealed.length - TAG_BYTES;
}

/** What was sealed in `text`; undefined when it was with another key, or is no ciphertext. */
export function unseal(key: Buffer, text: string): string | undefined {
  const parts = split(text);
  if (!parts) return undefined;
  const { nonce, sealed } = parts;
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const opened = decipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    // A tag that does not verify is how a wrong key shows; there is no other sign.
    return undefined;
  }
  return opened.toString();
}

function split(text: string): { nonce: Buffer; sealed: Buffer } | undefined {
  const match = /^v1:([^:]+):([^:]+)$/.exec(text);
  if (!match) return undefined;
  const nonce = Buffer.from(match[1] as string, "base64");
  const sealed = Buffer.from(match[2] as string, "base64");
  return nonce.length === NONCE_BYTES && sealed.length >= TAG_BYTES ? { nonce, sealed } : undefined;
}
