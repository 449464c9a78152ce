import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildImage } from "../stack/fixtures/image/imageContainer";
import { browse, fileRow, logIn, picture, runCommand, workbench } from "../support/browser";
import { runDoom } from "../support/doomProcess";
import { OLD_PASSWORD, OldInstallation } from "../support/oldInstallation";
import { createProjectCopy, freePort, type ProjectCopy } from "../support/projectCopy";

/*
 * A user of the single-host installer opens the environment that has taken over the old setup, and finds
 * everything that was there. What else an adoption has to hold is in test/stack/adoption.test.ts.
 */
const old = new OldInstallation();
let copy: ProjectCopy;
let url: string;

beforeAll(async () => {
  await old.start(
    await buildImage("code-server"),
    "printf 'from the old workspace' > hello.txt; chown 1000:1000 . hello.txt",
  );
  copy = createProjectCopy();
  const { stack } = await copy.addStack();
  rmSync(path.join(copy.root, `Pulumi.${stack}.yaml`));
  const place = ["--from", old.env, "--port", String(await freePort())];
  const { code, stdout, stderr } = await runDoom(copy.root, [
    "adopt",
    stack,
    ...place,
    "--yes",
    "--json",
  ]);
  expect(code, stderr).toBe(0);
  const result = JSON.parse(stdout);
  ({ url } = result);
  // Both run on, so that nobody could say what an adoption has changed.
  expect(result.old.map(({ state }: { state: string }) => state)).toEqual(["inUse", "inUse"]);
  expect(result.copy.stopped).toEqual(expect.arrayContaining([old.editorName, old.claudeName]));
  expect((await old.editor.inspect()).State.Running).toBe(true);
});
afterAll(async () => {
  await copy?.dispose();
  await old.dispose();
});

it("shows the old files, settings and extensions after a login with the old password", async () => {
  await browse(async (page) => {
    await page.goto(url);
    await logIn(page, OLD_PASSWORD);
    await workbench(page);
    await fileRow(page, "hello.txt").dblclick();
    const text = page.locator(".view-lines").getByText("from the old workspace");
    await text.waitFor();
    // As the old settings.json has it.
    const size = 'getComputedStyle(document.querySelector(".view-lines")).fontSize';
    await expect.poll(() => page.evaluate(size)).toBe("17px");
    await runCommand(page, "Extensions: Show Installed Extensions");
    await page.locator(".extension-list-item .name").getByText("hello", { exact: true }).waitFor();
    await picture(page, "adopted");
  });
});
