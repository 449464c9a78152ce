import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { browse, fileRow, logIn, picture, workbench } from "../support/browser";
import { engine, isHealthy, runIn, waitForContainer } from "../support/dockerHost";
import type { LiveEnvironment, StackOutputs } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";

/*
 * Two people at one address, each with an editor of their own, one of which fails and comes back.
 */
let project: LiveProject;
let environment: LiveEnvironment;
let outputs: StackOutputs;

const container = (index: number) => outputs.instances[index - 1]?.container ?? "";
const leave = (index: number, file: string) =>
  runIn(container(index), ["touch", `/config/workspace/${file}`], "1000:1000");

beforeAll(async () => {
  project = await startProject({ two: { instances: 2 } });
  environment = project.environment("two");
  await environment.up();
  outputs = await environment.outputs();
  for (const index of [1, 2]) await leave(index, `of-user-${index}.txt`);
});
afterAll(() => project?.dispose());

/** Opens the editor by its address, as its user has it among the bookmarks. */
async function arrive(page: Page, index: number): Promise<void> {
  await page.goto(`${outputs.url}i/${index}/`);
  await logIn(page, outputs.passwords[index] ?? "");
  await workbench(page);
  await fileRow(page, `of-user-${index}.txt`).waitFor();
}

/** A file that appears on the volume and then in the explorer: the page hears from its editor. */
async function expectLive(page: Page, index: number, file: string): Promise<void> {
  await leave(index, file);
  await fileRow(page, file).waitFor();
}

it("each sees only their own files; a killed editor leaves the other alone, and its page comes back", async () => {
  await browse(async (first) => {
    await browse(async (second) => {
      await arrive(first, 1);
      await arrive(second, 2);
      expect(await fileRow(first, "of-user-2.txt").count()).toBe(0);
      expect(await fileRow(second, "of-user-1.txt").count()).toBe(0);
      await picture(first, "scaling-first");
      await picture(second, "scaling-second");

      // The window offers to load anew; while its editor is away that gives a page which tries again by itself.
      const reload = second.getByRole("button", { name: "Reload Window" });
      await second.addLocatorHandler(reload, () => reload.click());
      await engine.getContainer(container(2)).kill();
      await second
        .getByText(/The editor is away|Attempting to reconnect|Cannot reconnect/i)
        .first()
        .waitFor();
      await picture(second, "scaling-away");
      await expectLive(first, 1, "while-the-other-is-away.txt");

      await engine.getContainer(container(2)).start();
      await waitForContainer(container(2), isHealthy);
      await expectLive(second, 2, "after-the-restart.txt");
      await expectLive(first, 1, "afterwards.txt");
      expect(await fileRow(second, "of-user-1.txt").count()).toBe(0);
      await picture(second, "scaling-back");
    });
  });
});
