import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browse, fileRow, logIn, picture, runCommand, workbench } from "../support/browser";
import { memoryKills, peakMemory } from "../support/controlGroup";
import { engine, isHealthy, readVolume } from "../support/dockerHost";
import type { LiveEnvironment, StackOutputs } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";

/*
 * A person with a browser: logs in, works in the terminal and in the editor, comes back. In the size
 * that the environment table gives to dev, over HTTP, and over TLS as staging has it.
 */
const MEBIBYTE = 1024 * 1024;
const TIERS = {
  dev: { access: { tier: "local" } },
  tls: { access: { tier: "limited" }, logLevel: "info" },
} as const;
type Tier = keyof typeof TIERS;

let project: LiveProject;
const outputs = {} as Record<Tier, StackOutputs>;
const environment = (tier: Tier): LiveEnvironment => project.environment(tier);

beforeAll(async () => {
  project = await startProject(TIERS);
  for (const tier of ["dev", "tls"] as const) {
    await environment(tier).up();
    outputs[tier] = await environment(tier).outputs();
  }
});
afterAll(() => project?.dispose());

const visiting = (tier: Tier, visit: Parameters<typeof browse>[0]) =>
  browse(visit, { ignoreHTTPSErrors: tier === "tls" });

/** Opens a terminal through the command palette and waits until its shell takes commands. */
async function openTerminal(page: Page): Promise<void> {
  await runCommand(page, "Terminal: Focus Terminal");
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
    await visiting("dev", async (page) => {
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
    await visiting("dev", async (page) => {
      await page.goto(outputs.dev.url);
      await logIn(page, outputs.dev.passwords["1"] ?? "");
      await workbench(page);
      await openTerminal(page);
      await page.keyboard.type(`echo '${first}' > by-browser.txt\n`, { delay: 20 });
      await fileRow(page, "by-browser.txt").dblclick();
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
      await fileRow(page, "by-browser.txt").dblclick();
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
    await visiting("dev", async (page) => {
      await expect(page.goto(outputs.tls.url)).rejects.toThrow("ERR_CERT_AUTHORITY_INVALID");
    });
  });

  it("opens the workbench once the certificate is accepted, and again after a reload", async () => {
    await visiting("tls", async (page, context) => {
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
