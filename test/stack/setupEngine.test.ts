import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processesIn, SetupCopy } from "../support/setupCopy";

const VERSIONS = JSON.parse(
  readFileSync(path.resolve(__dirname, "../../toolchain/versions.json"), "utf8"),
) as { pulumi: string; plugins: { command: string; docker: string } };

/** As the set-up records it. */
interface EngineRecord {
  route: string;
  command: string;
  root: string;
  refused: Record<string, string>;
  askedAt: string;
}

/**
 * The engine's step on a PULUMI_HOME of its own: broken, killed, shared and renewed. What is built
 * here is the command plugin and the language host, which take seconds.
 */
describe("set-up of the engine", () => {
  let copy: SetupCopy;
  beforeAll(async () => {
    copy = new SetupCopy();
    copy.copyEngine();
    expect(await copy.setup("start")).toMatchObject({ code: 0, stderr: "" });
    expect((await copy.doctor()).sick).toEqual([]);
  });
  afterAll(() => copy.dispose());

  const cli = () => path.join(copy.home, "versions", VERSIONS.pulumi, "bin", "pulumi");
  const plugins = () => path.join(copy.home, "plugins");
  const commandFolder = () => path.join(plugins(), `resource-command-v${VERSIONS.plugins.command}`);
  const commandPlugin = () => path.join(commandFolder(), "pulumi-resource-command");
  const compilers = () => processesIn(copy.path("toolchain", "engine", "command-plugin"));
  const building = () => readdirSync(plugins()).filter((name) => name.includes(".building-"));
  const record = () => {
    const file = path.join(copy.home, "doom-coding", `engine-${VERSIONS.pulumi}.json`);
    return { file, value: JSON.parse(readFileSync(file, "utf8")) as EngineRecord };
  };
  /** What must not be done again: the large parts. */
  const stampsOfLargeParts = () =>
    [cli(), path.join(plugins(), `resource-docker-v${VERSIONS.plugins.docker}`)].map(
      (file) => statSync(file).mtimeMs,
    );

  test("it says which way it took, and why not the ones before", () => {
    const { route, refused, root, command } = record().value;
    expect({ root, command }).toEqual({
      root: path.join(copy.home, "versions", VERSIONS.pulumi),
      command: "npx pulumi",
    });
    expect(refused.path).toBe("no pulumi on PATH");
    expect(route === "built" ? refused.launcher : "launcher").toBeTruthy();
  });

  test("a plugin that is cut short, empty or no program: the doctor sees it, the set-up mends it", async () => {
    const before = stampsOfLargeParts();
    const breaks: (() => void)[] = [
      () => truncateSync(commandPlugin(), 1_000_000),
      () => truncateSync(commandPlugin(), 0),
      () => chmodSync(commandPlugin(), 0o644),
      () => rmSync(commandFolder(), { recursive: true }),
    ];
    for (const breakIt of breaks) {
      breakIt();
      const red = await copy.doctor();
      expect({ code: red.code, sick: red.sick }).toEqual({ code: 1, sick: ["command plugin"] });
      expect(await copy.setup("start")).toMatchObject({ code: 0, stderr: "" });
      expect((await copy.doctor()).sick).toEqual([]);
    }
    expect(stampsOfLargeParts()).toEqual(before);
  });

  test("killed while it makes a part, nothing half made is taken, and the next run completes", async () => {
    const before = stampsOfLargeParts();
    rmSync(commandFolder(), { recursive: true });
    await copy.killSetup("start", () => compilers().length > 0);
    await expect.poll(() => processesIn(copy.root), { timeout: 10_000 }).toEqual([]);
    expect(existsSync(commandPlugin())).toBe(false);
    expect((await copy.doctor()).sick).toEqual(["command plugin"]);
    expect(await copy.setup("start")).toMatchObject({ code: 0, stderr: "" });
    expect(building()).toEqual([]);
    expect((await copy.doctor()).sick).toEqual([]);
    expect(stampsOfLargeParts()).toEqual(before);
  });

  test("interrupted by Ctrl-C it ends at once, gives its lock back and goes on later", async () => {
    rmSync(commandFolder(), { recursive: true });
    const running = copy.start("setup", ["start"]);
    await expect
      .poll(() => compilers().length, { timeout: 120_000, interval: 10 })
      .toBeGreaterThan(0);
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("set-up interrupted by SIGINT; run the same command to go on");
    expect(processesIn(copy.root)).toEqual([]);
    expect(existsSync(path.join(copy.home, "doom-coding", "setup.lock"))).toBe(false);
    expect((await copy.setup("start")).code).toBe(0);
  });

  test("two checkouts that share PULUMI_HOME, at once: one builds, the other waits", async () => {
    const other = new SetupCopy(copy.home);
    try {
      for (const name of ["node_modules", "bin"]) {
        cpSync(copy.path(name), other.path(name), { recursive: true, verbatimSymlinks: true });
      }
      expect((await other.setup("start")).code).toBe(0);
      rmSync(commandFolder(), { recursive: true });
      const runs = await Promise.all([copy.setup("start"), other.setup("start")]);
      expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
        { code: 0, stderr: "" },
        { code: 0, stderr: "" },
      ]);
      const output = runs.map(({ stdout }) => stdout).join("\n");
      expect(output.match(/^Pulumi engine: done,/gm)).toHaveLength(1);
      expect(output).toMatch(/^Pulumi engine: waits for the set-up of process \d+ in \/.+$/m);
      expect(output).toMatch(/^Pulumi engine: done by another set-up, /m);
      for (const checkout of [copy, other]) expect((await checkout.doctor()).sick).toEqual([]);
    } finally {
      other.dispose();
    }
  });

  test("changed sources of a part make it stale, and it is made anew", async ({ skip }) => {
    skip(record().value.route !== "built", "this machine has official parts");
    const source = copy.path("toolchain", "engine", "command-plugin", "main.go");
    const original = readFileSync(source, "utf8");
    writeFileSync(source, `${original}\n// changed\n`);
    const { sick, parts } = await copy.doctor();
    expect(sick).toEqual(["command plugin"]);
    expect(parts.get("command plugin")?.problem).toContain("sources or pins have changed");
    expect((await copy.setup("start")).stdout).toContain("made ready: engine (");
    writeFileSync(source, original);
    expect((await copy.setup("start")).code).toBe(0);
    expect((await copy.doctor()).sick).toEqual([]);
  });

  test("built parts: after a day, or with --refresh, the official ones are asked for again", async ({
    skip,
  }) => {
    skip(record().value.route !== "built", "this machine has official parts");
    const { file, value } = record();
    const yesterday = new Date(Date.now() - 25 * 3600 * 1000).toISOString();
    writeFileSync(file, JSON.stringify({ ...value, askedAt: yesterday }));
    expect((await copy.doctor()).code).toBe(0);
    expect((await copy.setup("start")).stdout).toContain("made ready: engine (");
    expect(Date.parse(record().value.askedAt)).toBeGreaterThan(Date.now() - 600_000);
    expect((await copy.setup("start")).stdout).toContain("everything is in place");
    const refreshed = await copy.start("setup", ["start", "--refresh"]).ended;
    expect(refreshed.stdout).toContain("made ready: engine (");
  });

  test.each(["bin", "tools"])(
    "a pulumi on PATH (in a folder %s) is taken, and left again",
    async (name) => {
      const folder = path.join(copy.home, "..", "machine", name);
      mkdirSync(folder, { recursive: true });
      for (const tool of ["pulumi", "pulumi-language-nodejs"]) {
        symlinkSync(path.join(path.dirname(cli()), tool), path.join(folder, tool));
      }
      const changes = { PATH: `${folder}:${process.env.PATH}` };
      const { code, stdout } = await copy.setup("start", changes);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Pulumi CLI [\d.]+: PATH \(/m);
      const { route, command, root } = record().value;
      expect({ route, command }).toEqual({ route: "path", command: "pulumi" });
      expect(existsSync(path.join(root, "bin", "pulumi"))).toBe(true);
      expect((await copy.doctor(changes)).sick).toEqual([]);
      expect((await copy.setup("start", changes)).stdout).toContain("everything is in place");
      rmSync(path.dirname(folder), { recursive: true });
      expect((await copy.setup("start")).code).toBe(0);
      expect(record().value.route).not.toBe("path");
      expect((await copy.doctor()).sick).toEqual([]);
    },
  );
});
