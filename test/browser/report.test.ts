import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AREAS, CHAIN_TESTS, FORMAT_TESTS } from "../../report/areas";
import { type RunRecord, renderRun } from "../../report/runRecord";
import { browse, picture } from "../support/browser";
import { runDoom } from "../support/doomProcess";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { interopRun, soakRun, testsRun, threeIsolated } from "../support/sampleRuns";

/**
 * Records of real benchmarks, as they looked on one busy machine, and invented ones of all else: they are there to
 * be shown, and no figure of any release.
 */
const FIXTURES = path.join(__dirname, "fixtures", "runs");

const TIMINGS = { copying: 6200, rehearsal: 14_800, cutover: 2900, "all else": 11_300 };
const upgrades = soakRun("upgrade", [59, 0]);
const ALL_TESTS = [...AREAS.flatMap(({ tests }) => tests), ...CHAIN_TESTS, ...FORMAT_TESTS];
const INVENTED: readonly RunRecord[] = [
  soakRun("configurations", [10, 0]),
  soakRun("migration", [29, 1]),
  { ...upgrades, attempts: upgrades.attempts.map((one) => ({ ...one, timings: TIMINGS })) },
  soakRun("upgrade-kills", [20, 0]),
  soakRun("promotions", [20, 0]),
  soakRun("idle-websocket", [1, 0]),
  threeIsolated(),
  interopRun,
  testsRun(ALL_TESTS.map((file) => ["stack", file, 5])),
];

const SCREENS = [
  { name: "desk", width: 1280, height: 900 },
  { name: "phone", width: 360, height: 740 },
] as const;
const SCHEMES = ["light", "dark"] as const;

let copy: ProjectCopy;
let address: string;

beforeAll(async () => {
  copy = createProjectCopy();
  const runs = path.join(copy.root, "reports", "runs");
  mkdirSync(runs, { recursive: true });
  cpSync(FIXTURES, runs, { recursive: true });
  for (const [index, record] of INVENTED.entries()) {
    writeFileSync(path.join(runs, `invented-${index}.json`), renderRun(record));
  }
  const { code, stderr } = await runDoom(copy.root, ["report"]);
  if (code !== 0) throw new Error(`doom report ended with ${code}:\n${stderr}`);
  address = pathToFileURL(path.join(copy.root, "reports", "report.html")).href;
});
afterAll(() => copy.dispose());

/** What goes wrong on a page while somebody looks at it. */
function complaints(page: Page): string[] {
  const all: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) all.push(message.text());
  });
  page.on("pageerror", (error) => all.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== address) all.push(`asks for ${request.url()}`);
  });
  return all;
}

/** How far what is on the page reaches beyond the screen, in pixels. */
const overflow = (page: Page) =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

/** Links that lead out of the page, or nowhere in it. */
const deadLinks = (page: Page) =>
  page.evaluate(`[...document.querySelectorAll("a")]
    .map((link) => link.getAttribute("href") ?? "")
    .filter((href) => !href.startsWith("#") || !document.getElementById(href.slice(1)))`);

/** Cells with nothing in them, by the heading of their section. */
const emptyCells = (page: Page) =>
  page.evaluate(`[...document.querySelectorAll("td")]
    .filter((cell) => cell.innerText.trim() === "" || cell.innerText.includes("TBD"))
    .map((cell) => cell.closest("section").querySelector("h2").innerText)`);

/** Charts that can be seen, and how small the smallest of their letters is, in pixels. */
const charts = (page: Page) =>
  page.evaluate(`(() => {
    const seen = [...document.querySelectorAll("figure svg")].filter((svg) => svg.checkVisibility());
    const sizes = seen.flatMap((svg) => [...svg.querySelectorAll("text")].map((text) =>
      parseFloat(getComputedStyle(text).fontSize) * (svg.clientWidth / svg.viewBox.baseVal.width)));
    return { count: seen.length, smallest: Math.min(...sizes) };
  })()`) as Promise<{ count: number; smallest: number }>;

describe("the report in a browser", () => {
  it.each(SCREENS)("is whole and readable on a $name, light and dark", async (screen) => {
    await browse(async (page) => {
      const heard = complaints(page);
      await page.setViewportSize(screen);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        await page.goto(address);
        expect(await overflow(page), colorScheme).toBe(0);
        expect(await emptyCells(page)).toEqual([]);
        await screenshots(page, `report-${screen.name}-${colorScheme}`);
      }
      expect(await deadLinks(page)).toEqual([]);
      const { count, smallest } = await charts(page);
      expect(count).toBe(5);
      expect(smallest).toBeGreaterThanOrEqual(9);
      expect(heard).toEqual([]);
    });
  });

  it("has every figure of the plan, and leads from each to its run", async () => {
    await browse(async (page) => {
      await page.goto(address);
      const targets = page.locator("#targets td:last-child");
      expect(await targets.count()).toBe(5);
      expect((await targets.allInnerTexts()).filter((text) => /not measured/.test(text))).toEqual(
        [],
      );
      const link = page.locator("#targets .runs a").first();
      const run = (await link.innerText()).trim();
      await link.click();
      expect(new URL(page.url()).hash).toBe(`#run-${run}`);
      const row = page.locator(`#run-${run}`);
      expect(await row.innerText()).toMatch(/npm run soak -- \w/);
    });
  });

  it("and a page that is not right is seen not to be", async () => {
    await browse(async (page) => {
      const heard = complaints(page);
      await page.setViewportSize(SCREENS[1]);
      await page.setContent(`<section><h2>Here</h2><a href="#nowhere">a</a><a href="https://x.invalid">b</a>
        <table><tr><td></td><td>TBD%</td><td>1</td></tr></table><p style="width:500px">wide</p></section>
        <script>console.error("oh")</script>`);
      expect(await overflow(page)).toBeGreaterThan(0);
      expect(await deadLinks(page)).toEqual(["#nowhere", "https://x.invalid"]);
      expect(await emptyCells(page)).toEqual(["Here", "Here"]);
      expect(heard).toEqual(["oh"]);
    });
  });
});

/** What a visitor sees first, and each chart. */
async function screenshots(page: Page, name: string): Promise<void> {
  await picture(page, name);
  for (const [index, chart] of (await page.locator("figure").all()).entries()) {
    await chart.scrollIntoViewIfNeeded();
    await picture(page, `${name}-chart-${index + 1}`);
  }
}
