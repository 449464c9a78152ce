import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerName } from "../../config/names";
import { readJournal } from "../../operations/upgradeJournal";
import { readRecords } from "../../operations/upgradeRecords";
import { containersOf, engine, networksOf, runIn, volumesOf } from "../support/dockerHost";
import { runDoom } from "../support/doomProcess";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "../support/projectCopy";
import { buildImage } from "./fixtures/image/imageContainer";

/* One environment whose editor goes from one real version to another and back, while its data changes. */
const [OLD, NEW] = ["4.133.0", "4.139.1"];
let copy: ProjectCopy;
let environment: LiveEnvironment;
let stack: string;
/** By its ID, since other tests build it, too: a build by the engine would be another one. */
let oldImage: string;
const editor = () => dockerName(stack, "code-server", 1);
const doom = (...args: string[]) => runDoom(copy.root, args);
const asUser = (script: string) => runIn(editor(), ["bash", "-euc", script], "1000:1000");

/** As an extension is installed: its folder, and an entry in the list, which the editor starts empty. */
const INSTALL = `cd /config/extensions
  until [[ -e extensions.json && $(<extensions.json) == "[]" ]]; do sleep 0.1; done
  mkdir acme.hello-1.2.3
  echo '{"publisher":"acme","name":"hello","version":"1.2.3","engines":{"vscode":"*"}}' \\
    >acme.hello-1.2.3/package.json
  echo '[{"identifier":{"id":"acme.hello"},"version":"1.2.3","relativeLocation":"acme.hello-1.2.3",
    "location":{"$mid":1,"path":"/config/extensions/acme.hello-1.2.3","scheme":"file"}}]' >extensions.json`;

beforeAll(async () => {
  copy = createProjectCopy();
  oldImage = await buildImage("code-server", { CODE_SERVER_VERSION: OLD });
  environment = await copy.addStack({ image: { reference: oldImage } });
  stack = environment.stack;
  for (const command of ["init", "up"]) {
    const { code, stderr } = await doom(command, stack);
    expect(code, stderr).toBe(0);
  }
  await asUser(INSTALL);
  await asUser(`mkdir -p /config/data/User; echo '{"a.b": 1}' >/config/data/User/settings.json
    echo work >/config/workspace/file; ln /config/workspace/file /config/workspace/other`);
});
afterAll(() => copy?.dispose());

describe("an ordinary up with another version", () => {
  it("rehearses, replaces and verifies", async () => {
    environment.configure((value) => ({ ...value, image: { version: NEW } }));
    const began = Date.now();
    const { code, stdout, stderr } = await doom("up", stack);
    console.log(stdout, stderr, (Date.now() - began) / 1000);
    expect(code, stderr).toBe(0);
    const journal = readJournal(copy.project, stack, 1);
    console.log(JSON.stringify(journal, null, 1), readRecords(copy.project, stack));
    console.log(
      (await volumesOf(stack)).map(({ Name }) => Name),
      (await networksOf(stack)).map(({ Name }) => Name),
    );
    console.log((await containersOf(stack)).map(({ Name, Image }) => [Name, Image]));
  });
});
