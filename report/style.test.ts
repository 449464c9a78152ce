import { describe, expect, it } from "vitest";
import { STYLE } from "./style";

/** Text and what it stands on. */
const PAIRS = [
  ["--ink", "--paper"],
  ["--soft", "--paper"],
  ["--soft", "--raised"],
  ["--link", "--paper"],
  ["--met", "--met-back"],
  ["--missed", "--missed-back"],
  ["--heat-ink", "--heat-none"],
  ["--heat-ink", "--heat-some"],
  ["--heat-ink", "--heat-all"],
  ["--heat-ink", "--heat-wrong"],
  ["--paper", "--series-1"],
  ["--paper", "--series-2"],
  ["--paper", "--series-3"],
  ["--paper", "--series-4"],
] as const;

const [light = "", dark = ""] = STYLE.split("@media (prefers-color-scheme: dark)");

function colourOf(part: string, name: string): string {
  const found = new RegExp(`${name}: (#[0-9a-f]{6});`).exec(part)?.[1];
  if (found === undefined) throw new Error(`${name} is not defined`);
  return found;
}

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2.2, "contrast ratio". */
function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

it("the contrast of black and white is 21, and of equals 1", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#0b57a4", "#0b57a4")).toBe(1);
});

describe.each([
  ["light", light],
  ["dark", dark],
])("in the %s", (_, part) => {
  it.each(PAIRS)("%s can be read on %s", (text, ground) => {
    expect(contrast(colourOf(part, text), colourOf(part, ground))).toBeGreaterThanOrEqual(4.5);
  });
});
