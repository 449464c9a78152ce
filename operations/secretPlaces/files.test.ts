import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SecretSearch } from "../../checks/secretSearch";
import { scratchFolders } from "../../test/support/scratch";
import { searchPlace } from "../placeSearch";
import type { StackSession } from "../stackSession";
import { filesIn, passphraseFiles, projectFiles, stateFiles } from "./files";

const scratch = scratchFolders();
const SECRET = "canary-of-a-passphrase";
const search = new SecretSearch([{ name: "the passphrase", value: SECRET }]);

function project(files: Record<string, string>): StackSession {
  const root = scratch();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  const own = { root, name: "doom-coding", stateFolder: join(root, ".state") };
  return { project: own, stack: "dev" } as unknown as StackSession;
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of filesIn(folder)) names.push(name);
  return names.sort();
}

describe("filesIn", () => {
  test("gives files at every depth and follows no link", async () => {
    const { project: own } = project({ "a/b/c.txt": "c", "d.txt": "d" });
    symlinkSync("/etc", join(own.root, "link"));
    symlinkSync("d.txt", join(own.root, "other"));
    expect(await namesIn(own.root)).toEqual(["a/b/c.txt", "d.txt"]);
  });

  test("gives nothing for a folder that is missing", async () => {
    expect(await namesIn("/no/such/folder")).toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)("says at the end which could not be read", async () => {
    const { project: own } = project({ closed: SECRET, open: SECRET });
    chmodSync(own.root, 0o755);
    chmodSync(join(own.root, "closed"), 0o600);
    process.seteuid?.(65534);
    const place = { name: "here", objects: () => filesIn(own.root) };
    const result = await searchPlace(place, search).finally(() => process.seteuid?.(0));
    expect(result.findings.map(({ object }) => object)).toEqual(["open"]);
    expect(result.notSearched).toBe(`cannot be read: ${join(own.root, "closed")} (EACCES)`);
  });
});

describe("the passphrase", () => {
  test("may stand in its own file, and nowhere else", async () => {
    const session = project({ ".passphrases/dev": SECRET, ".passphrases/prod": SECRET });
    const { findings } = await searchPlace(passphraseFiles(session), search);
    expect(findings.map(({ object }) => object)).toEqual(["prod"]);
  });

  test("may stand in the file that the user names", async () => {
    const session = project({ "Pulumi.yaml": "name: doom-coding", mine: SECRET, other: SECRET });
    const before = process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
    process.env.PULUMI_CONFIG_PASSPHRASE_FILE = join(session.project.root, "mine");
    const result = await searchPlace(projectFiles(session), search).finally(() => {
      if (before === undefined)
        Reflect.deleteProperty(process.env, "PULUMI_CONFIG_PASSPHRASE_FILE");
      else process.env.PULUMI_CONFIG_PASSPHRASE_FILE = before;
    });
    expect(result.findings.map(({ object }) => object)).toEqual(["other"]);
  });
});

describe("a folder that is not the one that it should be", () => {
  test("is no project", async () => {
    expect(await searchPlace(projectFiles(project({ a: "a" })), search)).not.toHaveProperty(
      "findings.0",
    );
    const other = project({ "Pulumi.yaml": "name: something else" });
    expect(await searchPlace(projectFiles(other), search)).toMatchObject({
      notSearched: "Pulumi.yaml is not what it should be",
    });
  });

  test("holds no state of this stack", async () => {
    const file = ".state/.pulumi/stacks/doom-coding/dev.json";
    expect(await searchPlace(stateFiles(project({ [file]: "" })), search)).toMatchObject({
      notSearched: ".pulumi/stacks/doom-coding/dev.json is not what it should be",
    });
  });
});
