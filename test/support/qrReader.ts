import jsQR from "jsqr";

/** Pixels of a module, so that a reader made for photographs finds it. */
const SCALE = 4;
/** The upper and the lower half of each character: whether it is light. */
const HALVES: Readonly<Record<string, readonly [boolean, boolean]>> = {
  " ": [false, false],
  "▀": [true, false],
  "▄": [false, true],
  "█": [true, true],
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
const COLOUR = /\u001b\[[\d;]*m/g;

/** What a camera would read from a QR code that was printed in half blocks; undefined when it finds none. */
export function readQr(printed: string): string | undefined {
  const lines = printed.replace(COLOUR, "").split("\n");
  const rows = lines.flatMap((line) => {
    const halves = [...line].map((character) => {
      const half = HALVES[character];
      if (half === undefined) throw new Error(`not part of a code: ${JSON.stringify(character)}`);
      return half;
    });
    return [halves.map(([upper]) => upper), halves.map(([, lower]) => lower)];
  });
  const width = Math.max(...rows.map(({ length }) => length)) * SCALE;
  const height = rows.length * SCALE;
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const light = rows[Math.floor(y / SCALE)]?.[Math.floor(x / SCALE)] ?? false;
      pixels.set(light ? [255, 255, 255, 255] : [0, 0, 0, 255], (y * width + x) * 4);
    }
  return jsQR(pixels, width, height, { inversionAttempts: "dontInvert" })?.data;
}
