import { describe, expect, it } from "vitest";
import { benchRun, compared, SAMPLE_RUNS } from "../test/support/sampleRuns";
import { buildReport } from "./buildReport";
import { renderHtml } from "./html";
import { renderMarkdown } from "./markdown";

const maker = { madeAt: "2026-12-01T00:00:00.000Z", doom: "0.1.0" };
const sample = buildReport(SAMPLE_RUNS, maker);
const odd = buildReport(
  [
    benchRun("scale", [
      compared("up of 1", 1, { peer: '<script>alert("1")</script> | a_b' }),
      compared("up of 5", 1, { peer: '<script>alert("1")</script> | a_b' }),
    ]),
  ],
  maker,
);

describe("the page", () => {
  const page = renderHtml(sample);

  it("loads nothing from anywhere, and forbids itself to", () => {
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<(script|link|img|iframe)\b/);
    const addresses = page.match(/(?:href|src)="[^"]*"/g) ?? [];
    expect(addresses.filter((one) => !/href="#[\w-]+"/.test(one))).toEqual([]);
  });

  it("shows nothing that a record says as markup, in charts neither", () => {
    const shown = renderHtml(odd);
    expect(shown).not.toContain("<script");
    expect(shown).toContain("&lt;script");
  });

  it("takes every colour of its charts from the style, which has it for light and for dark", () => {
    const pictures = page.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
    expect(pictures.length).toBeGreaterThan(5);
    const colours = pictures.join().match(/#[0-9a-f]{3,8}\b|rgba?\([^)]*\)/g) ?? [];
    // What the library gives to shapes without an area: lines of the legend, and where lines are cut off.
    expect([...new Set(colours)].filter((colour) => colour !== "#000")).toEqual([]);
    const used = new Set(page.match(/var\((--[\w-]+)\)/g));
    for (const name of used) {
      expect(page.split(`${name.slice(4, -1)}:`).length - 1, name).toBe(2);
    }
  });
});

describe("Markdown", () => {
  it("has every table with as many cells in each row as it has columns", () => {
    const rows = renderMarkdown(sample)
      .split("\n")
      .filter((line) => line.startsWith("| "));
    expect(rows.length).toBeGreaterThan(30);
    const [head] = rows;
    expect(head).toBe("| Metric | Target | Achieved | Status |");
    expect(rows[2]).toBe(
      "| Data migration success | 100 % | 100 % (40 of 40 migrations of configurations and volumes; at least 92.7 % with 95 % confidence) [\\[5\\]](#run-5) [\\[6\\]](#run-6) | ✓ met |",
    );
  });

  it("lets no text of a record become markup or another cell", () => {
    const line = renderMarkdown(odd)
      .split("\n")
      .find((one) => one.includes("script"));
    expect(line).toContain('&lt;script>alert("1")&lt;/script> \\| a\\_b');
  });
});
