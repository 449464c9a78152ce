import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "./failure";
import {
  checkPassphrase,
  ensurePassphraseFile,
  isPassphraseExported,
  opensSalt,
  readPassphrase,
} from "./passphrase";
import type { Project } from "./project";

let project: Project;
const path = () => join(project.root, ".passphrases", "dev");

function put(text: string, mode = 0o600): void {
  mkdirSync(join(project.root, ".passphrases"), { recursive: true });
  writeFileSync(path(), text);
  chmodSync(path(), mode);
}

function failureOf(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("no failure");
}

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "doom-passphrase-"));
  project = { root, name: "doom-coding", stateFolder: join(root, ".state") };
});
afterEach(() => rmSync(project.root, { recursive: true }));

describe("ensurePassphraseFile", () => {
  it("makes a strong one that only its owner can read, and keeps it", () => {
    expect(ensurePassphraseFile(project, "dev")).toBe(true);
    const first = readFileSync(path(), "utf8");
    expect(Buffer.from(first.trim(), "base64url")).toHaveLength(32);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(statSync(join(project.root, ".passphrases")).mode & 0o777).toBe(0o700);
    expect(ensurePassphraseFile(project, "dev")).toBe(false);
    expect(readFileSync(path(), "utf8")).toBe(first);
  });

  it("never gives two stacks the same", () => {
    ensurePassphraseFile(project, "dev");
    ensurePassphraseFile(project, "prod");
    const other = readFileSync(join(project.root, ".passphrases", "prod"), "utf8");
    expect(other).not.toBe(readFileSync(path(), "utf8"));
  });

  it("closes a folder that others could enter", () => {
    mkdirSync(join(project.root, ".passphrases"), { mode: 0o755 });
    ensurePassphraseFile(project, "dev");
    expect(statSync(join(project.root, ".passphrases")).mode & 0o777).toBe(0o700);
  });
});

describe("readPassphrase", () => {
  it("reads the file without the newline at its end and hands its path to Pulumi", () => {
    put("correct horse\n");
    expect(readPassphrase(project, "dev", {})).toEqual({
      value: "correct horse",
      source: ".passphrases/dev",
      environment: { PULUMI_CONFIG_PASSPHRASE_FILE: path() },
    });
  });

  it("prefers what is exported, as Pulumi does", () => {
    put("correct horse");
    const exported = {
      PULUMI_CONFIG_PASSPHRASE: "battery staple",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/nowhere",
    };
    expect(readPassphrase(project, "dev", exported).value).toBe("battery staple");
    expect(isPassphraseExported(project, "dev", exported)).toBe(true);
    expect(isPassphraseExported(project, "dev", {})).toBe(false);
    const file = { PULUMI_CONFIG_PASSPHRASE_FILE: path() };
    expect(isPassphraseExported(project, "dev", file)).toBe(false);
    expect(isPassphraseExported(project, "prod", file)).toBe(true);
    expect(readPassphrase(project, "prod", file).value).toBe("correct horse");
  });

  it.each([
    ["is missing", () => {}, "does not exist"],
    ["is empty", () => put(""), "is empty"],
    ["is blank", () => put(" \n"), "is empty"],
    ["is a folder", () => mkdirSync(path(), { recursive: true }), "is a folder"],
    ["can be read by others", () => put("x", 0o644), "can be read by other users (mode 0644)"],
    ["can be read by the group", () => put("x", 0o640), "can be read by other users (mode 0640)"],
  ])("refuses a file that %s", (_name, prepare, message) => {
    prepare();
    const failure = failureOf(() => readPassphrase(project, "dev", {}));
    expect(failure.kind).toBe("passphrase");
    expect(failure.summary).toBe(`The passphrase of dev, .passphrases/dev, ${message}.`);
    expect(failure.fix).toBeTruthy();
  });

  it("refuses a variable that is exported but empty", () => {
    put("correct horse");
    const failure = failureOf(() =>
      readPassphrase(project, "dev", { PULUMI_CONFIG_PASSPHRASE: "" }),
    );
    expect(failure.message).toContain("PULUMI_CONFIG_PASSPHRASE is exported but empty");
  });
});

describe("opensSalt", () => {
  // Written by `pulumi stack init` 3.259.0 with the passphrase "x".
  const salt = "v1:m5f0ryjXgbQ=:v1:bmBcjcsS1wqgUAGc:KQXe1Woq2fwyPE+I9ekJxnczbhKbIA==";

  it("tells the right passphrase from a wrong one", async () => {
    expect(await opensSalt("x", salt)).toBe(true);
    expect(await opensSalt("y", salt)).toBe(false);
  });

  it.each(["v2:a:b", "", salt.slice(0, -8), salt.replace("bmBcjcsS1wqgUAGc", "bmBc")])(
    "refuses the damaged salt %j",
    async (damaged) => {
      await expect(opensSalt("x", damaged)).rejects.toThrow(
        "encryptionsalt of the stack file is damaged",
      );
    },
  );

  it("names where a wrong passphrase came from, not the passphrase", async () => {
    const passphrase = { value: "hunter2", source: ".passphrases/dev", environment: {} };
    const failure = await checkPassphrase("dev", passphrase, salt).catch((error) => error);
    expect(failure.summary).toBe(".passphrases/dev is not the passphrase of dev.");
    expect(failure.message).not.toContain("hunter2");
  });

  it("names every ciphertext that belongs to another stack, and takes those of this one", async () => {
    const passphrase = { value: "x", source: ".passphrases/dev", environment: {} };
    const own = salt.slice(salt.indexOf(":v1:") + 1);
    await checkPassphrase("dev", passphrase, salt, new Map([["doom-coding:secrets.own", own]]));
    const secrets = {
      own,
      pasted: "v1:QNfWjj35cJXxubiT:0RsVQfLj7o5A7H1ulIC9wFFpXpZ4zY/CQ8k=",
      damaged: own.replace("KQXe", "KQXf"),
      cutOff: own.slice(0, 20),
      plain: "canary in plain text",
    };
    const paths = Object.entries(secrets).map(([name, text]): [string, string] => [
      `doom-coding:secrets.${name}`,
      text,
    ]);
    const failure = await checkPassphrase("dev", passphrase, salt, new Map(paths)).catch(
      (error) => error,
    );
    expect(failure.kind).toBe("configuration");
    expect(failure.message).toBe(
      [
        "Pulumi.dev.yaml holds what this stack cannot open:",
        ...["pasted", "damaged", "cutOff", "plain"].map(
          (name) => `  - doom-coding:secrets.${name}: encrypted for another stack, or damaged`,
        ),
        "Fix: take it out (npx pulumi config rm --path 'doom-coding:secrets.pasted' -s dev) and set it anew: npx doom secrets set dev NAME",
      ].join("\n"),
    );
  });
});
