import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { vi } from "vitest";

/** A person's browser, in front of an editor. */

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const SCREENSHOTS = path.resolve(__dirname, "../../reports/screenshots");
/** Half a CPU serves a workbench slowly the first time. */
const PATIENCE_MILLISECONDS = 90_000;

/** A browser with a profile of its own, which is gone afterwards. */
export async function browse(
  visit: (page: Page, context: BrowserContext) => Promise<void>,
  { ignoreHTTPSErrors = false } = {},
): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const profile = mkdtempSync(path.join(tmpdir(), "doom-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    ignoreHTTPSErrors,
    viewport: { width: 1280, height: 800 },
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  context.setDefaultTimeout(PATIENCE_MILLISECONDS);
  const page = context.pages()[0] ?? (await context.newPage());
  // The editor asks back while it still saves its state; who is not listened to stays on the page.
  page.on("dialog", (dialog) => void dialog.accept());
  try {
    await visit(page, context);
    await leave(page);
  } catch (error) {
    await picture(page, "failure");
    throw error;
  } finally {
    await context.close();
    // Chromium writes to its profile until its last process is gone.
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/**
 * Leaves the editor as a person does, so that it hears of it. For a window that only vanishes it keeps
 * extension host and file watcher, 80 MB, for up to five minutes after the next one came.
 */
async function leave(page: Page): Promise<void> {
  if ((await page.locator(".monaco-workbench").count()) === 0) return;
  await page.goto("about:blank");
  // The window's last message is on its way: a browser that ends now never sends it.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
}

export const picture = (page: Page, name: string) =>
  page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });

export async function logIn(page: Page, password: string): Promise<void> {
  await page.locator("input[type=password]").fill(password);
  await page.locator("input[type=submit], button[type=submit]").click();
}

/** The workbench is there once it shows the folder that it was opened with. */
export const workbench = (page: Page) => page.locator(".explorer-folders-view").waitFor();

/** The row of a file in the explorer. */
export const fileRow = (page: Page, name: string) =>
  page.locator(".explorer-folders-view .monaco-list-row").filter({ hasText: name });

/** Runs a command of the editor by its whole name, through the command palette. */
export async function runCommand(page: Page, name: string): Promise<void> {
  const palette = page.locator(".quick-input-widget input");
  // Keys that come before the workbench listens to them are lost.
  await vi.waitFor(
    async () => {
      await page.keyboard.press("F1");
      await palette.waitFor({ timeout: 3_000 });
    },
    { timeout: PATIENCE_MILLISECONDS },
  );
  await palette.fill(`>${name}`);
  await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await page.keyboard.press("Enter");
}
