/** The quiet zone around a code, in modules, and its error correction (ISO/IEC 18004). */
const QUIET = 4;
const CORRECTION = "M";

/** White on black, whatever colours the terminal has: readers want the light parts light. */
const WHITE_ON_BLACK = "\u001b[97;40m";
const RESET = "\u001b[0m";

/**
 * A QR code in half blocks, two modules a character: light modules are drawn, dark ones left out.
 *
 * With `colours`, which a terminal takes and a file does not, it is readable on a light background, too.
 */
export async function qrCode(text: string, colours: boolean): Promise<string> {
  const { renderUnicodeCompact } = await import("uqr");
  const code = renderUnicodeCompact(text, { border: QUIET, ecc: CORRECTION });
  if (!colours) return code;
  return code
    .split("\n")
    .map((line) => `${WHITE_ON_BLACK}${line}${RESET}`)
    .join("\n");
}
