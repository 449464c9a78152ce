/** What of a secret gives it away, and how that may be written where it must not stand. */

/** Shorter texts occur by chance. The shortest password that the configuration takes is as long. */
export const MIN_BYTES = 8;

/** A part of a secret that is as good as the whole; `of` says which part, for findings. */
export interface Piece {
  readonly of: string;
  readonly bytes: Buffer;
}

/** A way to write a piece. */
export interface Form {
  readonly form: string;
  readonly bytes: Buffer;
}

/**
 * The pieces of a secret that give it away; none when it is too short to be searched for.
 *
 * A PEM text is wrapped and re-wrapped, so each line of a key counts, and its bytes in DER;
 * certificates are public and do not. Of an encoded Argon2 hash the digest alone is recognised.
 * Throws for a PEM text without a private key.
 */
export function tellingPieces(secret: string): Piece[] {
  return piecesOf(secret).filter(({ bytes }) => bytes.length >= MIN_BYTES);
}

function piecesOf(secret: string): Piece[] {
  if (secret.includes("-----BEGIN")) return piecesOfKey(secret);
  const whole = { of: "", bytes: Buffer.from(secret) };
  if (!secret.startsWith("$argon2")) return [whole];
  const digest = secret.slice(secret.lastIndexOf("$") + 1);
  return [whole, { of: "its digest", bytes: Buffer.from(digest) }];
}

function piecesOfKey(pem: string): Piece[] {
  const body = /-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)-----END/.exec(pem)?.[1];
  if (body === undefined) throw new Error("the PEM text holds no private key");
  const lines = body.split(/\s+/).filter((line) => line !== "");
  return [
    ...lines.map((line, index) => ({ of: `line ${index + 1}`, bytes: Buffer.from(line) })),
    { of: "its DER bytes", bytes: Buffer.from(lines.join(""), "base64") },
  ];
}

/** The ways in which a piece may stand in a text or a file, without those that say the same. */
export function formsOf(piece: Buffer): Form[] {
  const forms = [
    form("as it is", piece),
    form("hex", piece.toString("hex")),
    form("HEX", piece.toString("hex").toUpperCase()),
    ...[0, 1, 2].flatMap((offset) => base64Forms(piece, offset)),
    ...textForms(piece),
  ];
  const seen = new Set<string>();
  return forms.filter(({ bytes }) => {
    const key = bytes.toString("latin1");
    return !seen.has(key) && seen.add(key);
  });
}

function form(name: string, text: string | Buffer): Form {
  return { form: name, bytes: typeof text === "string" ? Buffer.from(text) : text };
}

/**
 * The characters of base64 that only the piece decides when it stands `offset` bytes into a group
 * of three: those at the ends that mix in bits of its neighbours are left out.
 */
function base64Forms(piece: Buffer, offset: number): Form[] {
  const encoded = Buffer.concat([Buffer.alloc(offset), piece]).toString("base64");
  const inner = encoded.slice(
    Math.ceil((offset * 8) / 6),
    Math.floor(((offset + piece.length) * 8) / 6),
  );
  return [
    form(`base64, offset ${offset}`, inner),
    form(`base64url, offset ${offset}`, inner.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

/** Escapes mean something in texts only: bytes that are none stand as they are. */
function textForms(piece: Buffer): Form[] {
  const text = piece.toString("utf8");
  if (!Buffer.from(text).equals(piece)) return [];
  const percent = [...piece].map(percentEncoded).join("");
  const json: [string, string][] = [
    ["JSON", jsonEscaped(text)],
    // Go's encoder, and with it Docker and Pulumi, escapes what means something in HTML, too.
    ["JSON of Go", jsonEscaped(text).replace(/[<>&\u2028\u2029]/g, unicodeEscape)],
    ["JSON in ASCII", jsonEscaped(text).replace(/[^\0-\x7f]/g, unicodeEscape)],
  ];
  return [
    form("URL-encoded", encodeURIComponent(text)),
    form("URL-encoded, every sign", percent),
    form(
      "URL-encoded, lower case",
      percent.replace(/%../g, (code) => code.toLowerCase()),
    ),
    form("URL-encoded, form", percent.replaceAll("%20", "+")),
    ...json.map(([name, escaped]) => form(name, escaped)),
    ...json.map(([name, escaped]) => form(`${name}, within JSON`, jsonEscaped(escaped))),
  ];
}

/** RFC 3986: everything but the unreserved characters. */
function percentEncoded(byte: number): string {
  const character = String.fromCharCode(byte);
  if (/[A-Za-z0-9._~-]/.test(character)) return character;
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

function jsonEscaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** For one UTF-16 code unit, as JSON has it. */
function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
