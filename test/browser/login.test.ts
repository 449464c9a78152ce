import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { memoryKills, peakMemory } from "../support/controlGroup";
import { engine, isHealthy, readVolume } from "../support/dockerHost";
import type { LiveEnvironment, StackOutputs } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";

/*
 * A person with a browser: logs in, works in the terminal and in the editor, comes back. In the size
 * that the environment table gives to dev, over HTTP, and over TLS as staging has it.
 */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const SCREENSHOTS = path.resolve(__dirname, "../../reports/screenshots");
const MEBIBYTE = 1024 * 1024;
/** Half a CPU serves a workbench slowly the first time. */
const PATIENCE_MILLISECONDS = 90_000;
const TIERS = {
  dev: { access: { tier: "local" } },
  tls: { access: { tier: "limited" }, logLevel: "info" },
} as const;
type Tier = keyof typeof TIERS;

let project: LiveProject;
const outputs = {} as Record<Tier, StackOutputs>;
const environment = (tier: Tier): LiveEnvironment => project.environment(tier);

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  project = await startProject(TIERS);
  for (const tier of ["dev", "tls"] as const) {
    await environment(tier).up();
    outputs[tier] = await environment(tier).outputs();
  }
});
afterAll(() => project?.dispose());

/** A browser with a profile of its own, which is gone afterwards. */
async function browse(
  tier: Tier,
  visit: (page: Page, context: BrowserContext) => Promise<void>,
): Promise<void> {
  const profile = mkdtempSync(path.join(tmpdir(), "doom-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    ignoreHTTPSErrors: tier === "tls",
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

const picture = (page: Page, name: string) =>
  page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });

async function logIn(page: Page, password: string): Promise<void> {
  await page.locator("input[type=password]").fill(password);
  await page.locator("input[type=submit], button[type=submit]").click();
}

/** The workbench is there once it shows the folder that it was opened with. */
const workbench = (page: Page) => page.locator(".explorer-folders-view").waitFor();

/** Opens a terminal through the command palette and waits until its shell takes commands. */
async function openTerminal(page: Page): Promise<void> {
  const palette = page.locator(".quick-input-widget input");
  // Keys that come before the workbench listens to them are lost.
  await vi.waitFor(
    async () => {
      await page.keyboard.press("F1");
      await palette.waitFor({ timeout: 3_000 });
    },
    { timeout: PATIENCE_MILLISECONDS },
  );
  await palette.fill(">Terminal: Focus Terminal");
  await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Trust Folder & Continue" }).click();
  await page.locator(".terminal-wrapper .terminal-command-decoration").first().waitFor();
  await page.locator(".terminal-wrapper .xterm-screen").click();
}

const onVolume = (file: string) =>
  readVolume(
    outputs.dev.instances[0]?.volume ?? "",
    `workspace/${file}`,
    outputs.dev.imageDigests.gateway,
  );

describe("the size of dev, over HTTP", () => {
  it("asks for a password, refuses a wrong one and opens the workbench for the right one", async () => {
    await browse("dev", async (page) => {
      await page.goto(outputs.dev.url);
      await page.locator("input[type=password]").waitFor();
      expect(new URL(page.url()).pathname).toBe("/login");
      await picture(page, "login");

      await logIn(page, "a wrong password");
      await page.getByText(/incorrect password/i).waitFor();
      await picture(page, "login-refused");
      expect(await page.locator(".monaco-workbench").count()).toBe(0);

      await logIn(page, outputs.dev.passwords["1"] ?? "");
      await workbench(page);
      expect(new URL(page.url()).searchParams.get("folder")).toBe("/config/workspace");
      await picture(page, "workbench");
    });
  });

  it("writes a file in terminal and editor, which then stands on the volume", async () => {
    const mark = randomBytes(6).toString("hex");
    const [first, second] = [`from the terminal ${mark}`, `from the editor ${mark}`];
    await expect(onVolume("by-browser.txt")).rejects.toThrow("No such file");
    await browse("dev", async (page) => {
      await page.goto(outputs.dev.url);
      await logIn(page, outputs.dev.passwords["1"] ?? "");
      await workbench(page);
      await openTerminal(page);
      await page.keyboard.type(`echo '${first}' > by-browser.txt\n`, { delay: 20 });
      const row = page.locator(".explorer-folders-view .monaco-list-row");
      await row.filter({ hasText: "by-browser.txt" }).dblclick();
      await page.locator(".view-lines").getByText(first).waitFor();
      expect(await onVolume("by-browser.txt")).toBe(`${first}\n`);

      await page.locator(".view-lines").first().click();
      await page.keyboard.press("Control+End");
      await page.keyboard.type(second, { delay: 20 });
      await page.keyboard.press("Control+S");
      await page.locator(".tab.active:not(.dirty)", { hasText: "by-browser.txt" }).waitFor();
      await picture(page, "file-written");
      // Saving is done in the background: the tab only says that there is nothing left to save.
      await expect.poll(() => onVolume("by-browser.txt")).toBe(`${first}\n${second}`);

      await page.reload();
      await workbench(page);
      // Opened by hand: which tabs come back depends on what the browser had saved by then.
      await row.filter({ hasText: "by-browser.txt" }).dblclick();
      await page.locator(".view-lines").getByText(second).waitFor();
      await picture(page, "after-reload");
    });
  });

  it("its memory was enough for that: nothing was killed", async () => {
    const name = outputs.dev.instances[0]?.container ?? "";
    const info = await engine.getContainer(name).inspect();
    expect(info.HostConfig.Memory).toBe(512 * MEBIBYTE);
    const { OOMKilled } = info.State as { OOMKilled?: boolean };
    expect({ OOMKilled, restarts: info.RestartCount, healthy: isHealthy(info) }).toEqual({
      OOMKilled: false,
      restarts: 0,
      healthy: true,
    });
    expect(memoryKills(info.State.Pid)).toBe(0);
    const peak = Math.round(peakMemory(info.State.Pid) / MEBIBYTE);
    process.stdout.write(`peak memory of the editor, page cache included: ${peak} of 512 MiB\n`);
  });
});

describe("TLS with the environment's own certificate", () => {
  it("is not trusted by itself", async () => {
    await browse("dev", async (page) => {
      await expect(page.goto(outputs.tls.url)).rejects.toThrow("ERR_CERT_AUTHORITY_INVALID");
    });
  });

  it("opens the workbench once the certificate is accepted, and again after a reload", async () => {
    await browse("tls", async (page, context) => {
      await page.goto(outputs.tls.url);
      expect(new URL(page.url()).protocol).toBe("https:");
      await logIn(page, outputs.tls.passwords["1"] ?? "");
      await workbench(page);
      await picture(page, "workbench-tls");
      await page.reload();
      await workbench(page);
      const cookies = await context.cookies(outputs.tls.url);
      const sticky = cookies.find(({ name }) => name === `doom-${environment("tls").stack}`);
      expect(sticky).toMatchObject({ secure: true, httpOnly: true });
    });
  });
});
