import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

describe("engine parts", async () => {
  const { buildPart, markerFile, partStatus } = await import("./build.mjs");
  const { findPart, partFile, partKey, readParts } = await import("./parts.mjs");
  let pulumiHome: string;

  beforeEach(() => {
    pulumiHome = mkdtempSync(join(tmpdir(), "engine-parts-"));
  });
  afterEach(() => rmSync(pulumiHome, { recursive: true, force: true }));

  /** A part whose "compiler" is a line of shell. */
  function shellPart(script: string) {
    return { ...findPart("command-plugin"), command: ["/bin/sh", "-c", script, "sh", "{output}"] };
  }

  const read = (file: string) => readFileSync(join(__dirname, "../..", file), "utf8");
  const log = () => join(pulumiHome, "log");

  describe("partStatus", () => {
    const part = shellPart('printf binary > "$1"');

    it("tells absent, built, stale and foreign apart", async () => {
      expect(await partStatus(part, { pulumiHome })).toMatchObject({ state: "absent" });
      const file = await buildPart(part, { pulumiHome, log: log() });
      expect(await partStatus(part, { pulumiHome })).toMatchObject({
        state: "built",
        file,
        marker: { part: "command-plugin", version: "1.2.1", key: partKey(part), size: 6 },
      });
      const changed = { ...part, env: { OTHER: "1" } };
      expect(await partStatus(changed, { pulumiHome })).toMatchObject({ state: "stale" });
      writeFileSync(file, "an official binary");
      expect(await partStatus(part, { pulumiHome })).toMatchObject({ state: "foreign" });
      rmSync(markerFile(file));
      writeFileSync(file, "binary");
      expect(await partStatus(part, { pulumiHome })).toMatchObject({ state: "foreign" });
    });

    it("does not trust a marker that is cut off", async () => {
      const file = await buildPart(part, { pulumiHome, log: log() });
      writeFileSync(markerFile(file), readFileSync(markerFile(file), "utf8").slice(0, 40));
      expect(await partStatus(part, { pulumiHome })).toMatchObject({ state: "foreign" });
    });
  });

  describe("buildPart", () => {
    it("leaves only the binary and its marker", async () => {
      const file = await buildPart(shellPart('echo compiling; printf new > "$1"'), {
        pulumiHome,
        log: log(),
      });
      expect(readFileSync(file, "utf8")).toBe("new");
      expect(readdirSync(dirname(file)).sort()).toEqual([
        "pulumi-resource-command",
        "pulumi-resource-command.built-here.json",
      ]);
      expect(readdirSync(dirname(dirname(file)))).toEqual(["resource-command-v1.2.1"]);
      expect(readFileSync(log(), "utf8")).toContain("\ncompiling\n");
    });

    it("keeps the part that was there when the command fails", async () => {
      const good = shellPart('printf good > "$1"');
      const file = await buildPart(good, { pulumiHome, log: log() });
      const bad = shellPart('printf half > "$1"; echo no such module >&2; exit 3');
      await expect(buildPart(bad, { pulumiHome, log: log() })).rejects.toThrow("ended with code 3");
      expect(readFileSync(log(), "utf8")).toContain("no such module");
      expect(readFileSync(file, "utf8")).toBe("good");
      expect(await partStatus(good, { pulumiHome })).toMatchObject({ state: "built" });
      expect(readdirSync(dirname(dirname(file)))).toEqual(["resource-command-v1.2.1"]);
    });

    it("does not take a command for a success that wrote nothing", async () => {
      await expect(buildPart(shellPart("true"), { pulumiHome, log: log() })).rejects.toThrow(
        /wrote no \.command-plugin\.building-/,
      );
    });

    it("makes no plugin folder before the plugin is whole, and clears what a kill left", async () => {
      const part = shellPart('printf half > "$1"; kill -KILL $$');
      const folder = dirname(partFile(part, pulumiHome));
      await expect(buildPart(part, { pulumiHome, log: log() })).rejects.toThrow("SIGKILL");
      expect(existsSync(folder)).toBe(false);
      writeFileSync(join(dirname(folder), ".command-plugin.building-1"), "half");
      await buildPart(shellPart('printf x > "$1"'), { pulumiHome, log: log() });
      expect(readdirSync(dirname(folder))).toEqual(["resource-command-v1.2.1"]);
    });

    it("runs the command through the caller's function when it has one", async () => {
      const calls: unknown[] = [];
      const run = async (command: string, args: readonly string[], options: { cwd: string }) => {
        calls.push([command, args.slice(0, 3), options.cwd]);
        writeFileSync(args.at(-1) ?? "", "binary");
      };
      await buildPart(shellPart("unused"), { pulumiHome, run });
      const cwd = join(__dirname, "command-plugin");
      expect(calls).toEqual([["/bin/sh", ["-c", "unused", "sh"], cwd]]);
    });
  });

  describe("parts.json", () => {
    const versions = JSON.parse(read("toolchain/versions.json"));
    const packages = JSON.parse(read("package.json"));

    it("agrees with versions.json, go.mod, the plugins' sources and the SDKs", () => {
      expect(read("toolchain/engine/cli/go.mod")).toContain(
        `\nrequire github.com/pulumi/pulumi/pkg/v3 v${versions.pulumi}\n`,
      );
      for (const plugin of ["docker", "command"]) {
        const version = versions.plugins[plugin];
        expect(read(`toolchain/engine/${plugin}-plugin/provider/provider.go`)).toMatch(
          new RegExp(`Version = "${version}"`),
        );
        expect(packages.dependencies[`@pulumi/${plugin}`]).toBe(version);
      }
      expect(packages.dependencies.pulumi).toBe(versions.pulumi);
    });

    it("puts each part where the launcher and the CLI look", () => {
      expect(readParts().map((part) => partFile(part, "/h"))).toEqual([
        `/h/versions/${versions.pulumi}/bin/pulumi`,
        `/h/versions/${versions.pulumi}/bin/pulumi-language-nodejs`,
        `/h/plugins/resource-docker-v${versions.plugins.docker}/pulumi-resource-docker`,
        `/h/plugins/resource-command-v${versions.plugins.command}/pulumi-resource-command`,
      ]);
    });

    it("names the parts that there are when asked for another", () => {
      expect(() => findPart("clii")).toThrow(
        /"clii"; there are: cli, language-host, docker-plugin/,
      );
    });
  });
});
