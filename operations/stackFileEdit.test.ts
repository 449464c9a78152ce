import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolders } from "../test/support/scratch";
import { editConfiguration } from "./stackFileEdit";
import type { StackSession } from "./stackSession";

const scratch = scratchFolders();
const BEFORE = "# mine\nconfig: {}\n";

/** A stack file, and a session whose engine appends each input to the file that it is given. */
function stackWith(engine: (draft: string, input: string | undefined) => void) {
  const root = scratch();
  const file = join(root, "Pulumi.dev.yaml");
  writeFileSync(file, BEFORE, { mode: 0o640 });
  const asked: string[][] = [];
  const session = {
    stack: "dev",
    project: { root, name: "doom-coding", stateFolder: join(root, ".state") },
    run: async (args: readonly string[], input?: string) => {
      asked.push([...args]);
      // Until the end the file is as it was.
      expect(readFileSync(file, "utf8")).toBe(BEFORE);
      engine(args.at(-1) as string, input);
    },
  } as unknown as StackSession;
  return { file, session, asked };
}

describe("editConfiguration", () => {
  it("puts the result of all commands in place at once, and can take it back", async () => {
    const { file, session, asked } = stackWith((draft, input) =>
      appendFileSync(draft, `${input}\n`),
    );
    const takeBack = await editConfiguration(session, [
      { args: ["set", "--secret", "a"], input: "# one" },
      { args: ["rm", "b"], input: "# two" },
    ]);
    expect(readFileSync(file, "utf8")).toBe(`${BEFORE}# one\n# two\n`);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(asked.map((args) => args.slice(0, -2))).toEqual([
      ["config", "set", "--secret", "a"],
      ["config", "rm", "b"],
    ]);
    // No value on a command line.
    expect(JSON.stringify(asked)).not.toContain("# one");
    takeBack();
    expect(readFileSync(file, "utf8")).toBe(BEFORE);
  });

  it("keeps an edit that somebody makes at the same moment", async () => {
    const { file, session } = stackWith(() => writeFileSync(file, "# theirs\n"));
    await expect(editConfiguration(session, [{ args: ["set"] }])).rejects.toThrow(
      `${file} was edited at the same moment; your edit stays.`,
    );
    expect(readFileSync(file, "utf8")).toBe("# theirs\n");
  });

  it("takes back only its own", async () => {
    const { file, session } = stackWith((draft) => appendFileSync(draft, "# ours\n"));
    const takeBack = await editConfiguration(session, [{ args: ["set"] }]);
    writeFileSync(file, "# theirs\n");
    expect(takeBack).toThrow("your edit stays");
    expect(readFileSync(file, "utf8")).toBe("# theirs\n");
  });

  it.each([
    [
      "a command fails",
      () => {
        throw new Error("engine");
      },
      "engine",
    ],
    [
      "the result is no stack file",
      (draft: string) => writeFileSync(draft, "config: [1\n"),
      /^Invalid configuration: Pulumi.dev.yaml:/,
    ],
  ])("changes nothing when %s", async (_what, engine, message) => {
    const { file, session } = stackWith(engine);
    await expect(editConfiguration(session, [{ args: ["set"] }])).rejects.toThrow(message);
    expect(readFileSync(file, "utf8")).toBe(BEFORE);
  });
});
