import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";

/** Something that is looked through, and what to call it in a finding. */
export interface Haystack {
  readonly name: string;
  readonly content: Buffer | string;
}

/** Shorter pieces occur by chance. */
const MIN_LENGTH = 12;

/**
 * The pieces of a secret that give it away, each on one line.
 *
 * A PEM text is wrapped and re-wrapped, so each line of a key counts; certificates are public and do
 * not. Of an encoded Argon2 hash the digest alone is enough to recognise it by.
 */
export function tellingPieces(secret: string): string[] {
  if (secret.includes("-----BEGIN")) {
    const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)-----END/.exec(secret)?.[1];
    if (key === undefined) throw new Error("the PEM text holds no private key");
    return key.split(/\s+/).filter((line) => line.length >= MIN_LENGTH);
  }
  if (secret.startsWith("$argon2")) return [secret, secret.slice(secret.lastIndexOf("$") + 1)];
  return [secret];
}

/**
 * The ways in which a piece may stand in a text: as it is, base64 (also in the middle of something
 * longer, at any of the three offsets), hex, URL-encoded, and JSON-escaped up to twice.
 */
export function encodings(piece: string): Map<string, string> {
  const once = JSON.stringify(piece).slice(1, -1);
  const forms = new Map([
    ["as it is", piece],
    ["hex", Buffer.from(piece).toString("hex")],
    ["HEX", Buffer.from(piece).toString("hex").toUpperCase()],
    ["URL-encoded", encodeURIComponent(piece)],
    ["JSON", once],
    ["JSON in JSON", JSON.stringify(once).slice(1, -1)],
  ]);
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.from(`${" ".repeat(offset)}${piece}`).toString("base64");
    // The first and last characters mix in bits of the neighbours.
    const inner = encoded.slice(offset === 0 ? 0 : 4, -4);
    forms.set(`base64, offset ${offset}`, inner);
    forms.set(`base64url, offset ${offset}`, inner.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return forms;
}

/**
 * Where secrets stand readable, as `haystack: name (form)`; never the secret itself.
 *
 * Throws for a secret that is too short to be searched for, and when there is nothing to search.
 */
export function findSecrets(
  secrets: ReadonlyMap<string, string>,
  haystacks: readonly Haystack[],
): string[] {
  if (secrets.size === 0 || haystacks.length === 0) throw new Error("nothing to look for, or in");
  const needles = [...secrets].flatMap(([name, secret]) => {
    const pieces = tellingPieces(secret);
    if (pieces.length === 0 || pieces.some((piece) => piece.length < MIN_LENGTH))
      throw new Error(`the secret ${name} is too short to be searched for`);
    return pieces.flatMap((piece) =>
      [...encodings(piece)].map(([form, text]) => ({ name, form, bytes: Buffer.from(text) })),
    );
  });
  return haystacks.flatMap(({ name: place, content }) => {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    return needles
      .filter((needle) => bytes.includes(needle.bytes))
      .map(({ name, form }) => `${place}: ${name} (${form})`);
  });
}

/** Every file below the folder as a haystack, compressed ones unpacked. */
export function filesOf(folder: string): Haystack[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const raw = readFileSync(file);
      const packed = raw[0] === 0x1f && raw[1] === 0x8b;
      return { name: path.relative(folder, file), content: packed ? gunzipSync(raw) : raw };
    });
}
