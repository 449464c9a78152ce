import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processesIn, SetupCopy } from "../support/setupCopy";

/**
 * The set-up on a fresh checkout: killed in the middle, run again, run twice; and the doctor as its
 * witness, which must see whatever is taken away. The tests follow one another on one checkout.
 */
describe("set-up of a fresh checkout", () => {
  let copy: SetupCopy;
  beforeAll(() => {
    copy = new SetupCopy();
    copy.copyEngine();
  });
  afterAll(() => copy.dispose());

  const entries = (...names: string[]) => {
    const folder = copy.path(...names);
    return existsSync(folder) ? readdirSync(folder).length : 0;
  };

  test("a killed set-up leaves nobody working, and is not taken for a complete one", async () => {
    const moments = [
      () => existsSync(copy.path("node_modules")),
      () => entries("node_modules") > 50,
      () => existsSync(copy.path("node_modules", "typescript", "bin", "tsc")),
    ];
    for (const moment of moments) {
      rmSync(copy.path("node_modules"), { recursive: true, force: true });
      await copy.killSetup("check", moment);
      await expect.poll(() => processesIn(copy.root), { timeout: 10_000 }).toEqual([]);
      const before = entries("node_modules");
      await sleep(500);
      expect(entries("node_modules")).toBe(before);
      expect((await copy.doctor()).parts.get("dependencies")).toMatchObject({
        healthy: false,
        problem: "not installed by the set-up, or not to the end",
      });
    }
  });

  test("the next run takes over its lock and completes", async () => {
    expect(existsSync(copy.path("reports", "setup.lock"))).toBe(true);
    const { code, stdout } = await copy.setup("check");
    expect(stdout).toMatch(/^npm packages of package-lock\.json: done, .+ s$/m);
    expect(stdout).toMatch(/^set-up for check: made ready: dependencies \(.+ s\)$/m);
    expect(code).toBe(0);
    expect(existsSync(copy.path("reports", "setup.lock"))).toBe(false);
    expect((await copy.doctor()).parts.get("dependencies")?.healthy).toBe(true);
  });

  test("killed while it compiles, the next run compiles all of it", async () => {
    await copy.killSetup("start", () => entries("bin", "config") > 1);
    expect((await copy.doctor()).parts.get("program")?.healthy).toBe(false);
    // What a kill in the middle of a write leaves.
    const scripts = readdirSync(copy.path("bin"), { recursive: true, encoding: "utf8" });
    const torn = copy.path("bin", scripts.find((name) => name.endsWith(".js")) ?? "none");
    writeFileSync(torn, readFileSync(torn, "utf8").slice(0, 40));
    const { code, stdout, stderr } = await copy.setup("start");
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^Pulumi CLI [\d.]+: /m);
    expect(code).toBe(0);
    expect(readFileSync(torn, "utf8").length).toBeGreaterThan(40);
    const { code: health, sick } = await copy.doctor();
    expect(sick).toEqual([]);
    expect(health).toBe(0);
  });

  test("a second run changes nothing and takes less than a second", async () => {
    const before = copy.snapshot();
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const { code, stdout, stderr, seconds } = await copy.setup("start");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/^set-up for start: everything is in place \(.+ s\)\n$/);
      times.push(seconds);
    }
    expect(copy.snapshot()).toEqual(before);
    expect(Math.min(...times)).toBeLessThan(1);
  });

  test("outputs follow their sources: a new one comes, a deleted one goes", async () => {
    const source = copy.path("checks", "onlyForThisTest.ts");
    const output = copy.path("bin", "checks", "onlyForThisTest.js");
    writeFileSync(source, "export const answer = 42;\n");
    expect((await copy.doctor()).parts.get("program")?.problem).toBe(
      "its sources have changed since",
    );
    const index = copy.path("index.ts");
    const original = readFileSync(index, "utf8");
    writeFileSync(index, `import "./checks/onlyForThisTest";\n${original}`);
    expect((await copy.setup("start")).code).toBe(0);
    expect(existsSync(output)).toBe(true);
    rmSync(source);
    writeFileSync(index, original);
    expect((await copy.setup("start")).stdout).toContain("made ready: compile (");
    expect(existsSync(output)).toBe(false);
  });

  test("a program that does not compile: the step, the compiler's words, no success", async () => {
    const source = copy.path("checks", "onlyForThisTest.ts");
    writeFileSync(source, "export const answer: number = 'forty-two';\n");
    const { code, stderr } = await copy.setup("start");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^set-up: step "compile" failed after .+ s: `.+tsc -p tsconfig\.build\.json` ended with code/m,
    );
    expect(stderr).toContain("  | checks/onlyForThisTest.ts(1,14): error TS2322:");
    expect(stderr).toMatch(/^what to do: .+run the same command again/m);
    expect(stderr).toMatch(/^full log: reports\/setup\.log$/m);
    expect(readFileSync(copy.path("reports", "setup.log"), "utf8")).toContain("error TS2322");
    rmSync(source);
    expect((await copy.setup("start")).code).toBe(0);
  });

  /** Takes something away, and gives the way to bring it back. */
  const away = (file: string) => () => {
    renameSync(file, `${file}.away`);
    return () => renameSync(`${file}.away`, file);
  };
  const rewrite = (file: string, text: string) => () => {
    const before = readFileSync(file);
    writeFileSync(file, text);
    return () => writeFileSync(file, before);
  };

  test.each<[string, string[], () => () => void]>([
    [
      "a dependency",
      ["dependencies"],
      () => away(copy.path("node_modules", "zod", "package.json"))(),
    ],
    [
      "another version of a dependency",
      ["dependencies"],
      () => rewrite(copy.path("node_modules/zod/package.json"), '{"version": "4.0.0"}')(),
    ],
    ["a new lock file", ["dependencies"], () => rewrite(copy.path("package-lock.json"), LOCK)()],
    ["a compiled file", ["program"], () => away(copy.path("bin", "index.js"))()],
    [
      "another base image",
      ["base image"],
      () => {
        const file = copy.path("toolchain", "versions.json");
        const versions = JSON.parse(readFileSync(file, "utf8"));
        versions.base.revision = 999_999;
        const back = rewrite(file, JSON.stringify(versions))();
        return back;
      },
    ],
  ])("the doctor turns red: %s", async (_, names, breakIt) => {
    const mend = breakIt();
    const { code, parts, sick } = await copy.doctor().finally(mend);
    expect(code).toBe(1);
    expect(sick).toEqual(expect.arrayContaining(names));
    for (const name of names) expect(parts.get(name)?.advice).not.toBe("");
  });

  test.each<[string, NodeJS.ProcessEnv, string[]]>([
    [
      "no Docker at DOCKER_HOST",
      { DOCKER_HOST: "unix:///nonexistent/docker.sock" },
      ["docker daemon", "base image"],
    ],
    [
      "an empty PULUMI_HOME",
      { PULUMI_HOME: "/nonexistent/pulumi" },
      ["pulumi CLI", "Node.js language host", "docker plugin", "command plugin"],
    ],
  ])("the doctor turns red: %s", async (_, changes, names) => {
    const { code, sick } = await copy.doctor(changes);
    expect(code).toBe(1);
    expect(sick).toEqual(names);
  });

  test("the doctor turns red: no Docker client on PATH", async () => {
    const folder = copy.path("..", "path");
    mkdirSync(folder);
    // The language host needs this one.
    symlinkSync(process.execPath, path.join(folder, "node"));
    const { code, sick } = await copy.doctor({ PATH: folder });
    expect(code).toBe(1);
    expect(sick).toEqual(["docker client"]);
  });

  test("after all that the doctor is content again, and changed nothing itself", async () => {
    const before = copy.snapshot();
    const { code, sick } = await copy.doctor();
    expect(sick).toEqual([]);
    expect(code).toBe(0);
    expect(copy.snapshot()).toEqual(before);
  });
});

const LOCK = JSON.stringify({ name: "doom-coding", lockfileVersion: 3, packages: {} });
