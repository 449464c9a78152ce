// @ts-check
/**
 * Names of files are bytes. Within these programs a name is a text of one character a byte (latin1); in
 * a manifest, printable UTF-8 stands for itself, all else and `%` as `%XX` for each byte.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const PLAIN = /^[^\x00-\x1f%\x7f-\xff]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const NOT_PLAIN = /[\x00-\x1f%\x7f-\xff]/g;
const SPECIAL = /[\p{Cc}%]/gu;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param {string} bytes */
const percent = (bytes) =>
  bytes.replace(
    NOT_PLAIN,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );

/**
 * @param {string} bytes a path, the target of a link, or the name of an attribute; latin1
 * @returns {string} as it stands in a manifest
 */
export function encodeBytes(bytes) {
  if (PLAIN.test(bytes)) return bytes;
  try {
    return utf8
      .decode(Buffer.from(bytes, "latin1"))
      .replace(SPECIAL, (character) => percent(Buffer.from(character).toString("latin1")));
  } catch {
    // Not UTF-8: nothing above ASCII is taken for a character.
    return percent(bytes);
  }
}

/**
 * @param {string} text made by {@link encodeBytes}
 * @returns {string} latin1
 */
export function decodeBytes(text) {
  if (PLAIN.test(text) && !/[^\0-\x7f]/.test(text)) return text;
  return Buffer.from(text)
    .toString("latin1")
    .replace(/%([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/**
 * @param {string} root an absolute path in ASCII
 * @param {string} path below it; latin1
 * @returns {Buffer} what Node takes for a path of bytes
 */
export function placeOf(root, path) {
  return Buffer.from(`${root}/${path}`, "latin1");
}
