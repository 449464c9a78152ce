import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dockerName } from "../../config/names";
import { buildImage } from "../stack/fixtures/image/imageContainer";
import { browse, fileRow, logIn, picture, runCommand, workbench } from "../support/browser";
import { engine } from "../support/dockerHost";
import { runDoom } from "../support/doomProcess";
import { GREETING, work } from "../support/editorWork";
import type { LiveEnvironment, StackOutputs } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";

/*
 * A person whose window is open while the editor goes to another version, and who goes on afterwards without a
 * login. What else an upgrade has to hold is in test/stack/upgrade*.test.ts.
 */
const [OLD, NEW] = ["4.133.0", "4.139.1"];
let copy: ProjectCopy;
let environment: LiveEnvironment;
let outputs: StackOutputs;

const doom = async (...args: string[]) => {
  const { code, stderr } = await runDoom(copy.root, args);
  expect(code, stderr).toBe(0);
};
const editor = () => dockerName(environment.stack, "code-server", 1);

beforeAll(async () => {
  copy = createProjectCopy();
  const reference = await buildImage("code-server", { CODE_SERVER_VERSION: OLD as string });
  environment = await copy.addStack({ image: { reference } });
  await doom("init", environment.stack);
  await doom("up", environment.stack);
  outputs = await environment.outputs();
  await work(editor());
});
afterAll(() => copy?.dispose());

/** What the person has to find: the folder, a file of it, the size of letters that they set, the extension at work. */
async function findsEverything(page: Page): Promise<void> {
  await workbench(page);
  expect(new URL(page.url()).searchParams.get("folder")).toBe("/config/workspace/project");
  await fileRow(page, "hello.txt").dblclick();
  await page.locator(".view-lines").getByText("work of a whole day").waitFor();
  const size = 'getComputedStyle(document.querySelector(".view-lines")).fontSize';
  await expect.poll(() => page.evaluate(size)).toBe("17px");
  await page.locator(".statusbar-item").getByText(GREETING).waitFor();
  await runCommand(page, "Extensions: Show Installed Extensions");
  await page.locator(".extension-list-item .name").getByText("greeter", { exact: true }).waitFor();
}

it("shows files, open folder, settings and extensions to who was logged in before", async () => {
  const { url, passwords } = outputs;
  await browse(async (page) => {
    await page.goto(url);
    await logIn(page, passwords["1"] ?? "");
    await workbench(page);
    await page.goto(`${url}?folder=/config/workspace/project`);
    await findsEverything(page);
    await picture(page, "before-upgrade");
    const before = await engine.getContainer(editor()).inspect();

    await doom("upgrade", environment.stack, "--to", NEW as string, "--watch", "0");
    expect((await engine.getContainer(editor()).inspect()).Image).not.toBe(before.Image);

    // As a bookmark has it: the editor knows the folder that was open last.
    await page.goto(url);
    await findsEverything(page);
    expect(await page.locator("input[type=password]").count()).toBe(0);
    await picture(page, "after-upgrade");
  });
});
