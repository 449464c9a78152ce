import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containersOf, engine, isHealthy, waitForContainer } from "../support/dockerHost";
import { EditorClient } from "../support/editorClient";
import type { LiveEnvironment, StackOutputs } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";

/*
 * The files that carry secrets into containers: where they lie, and what happens without them. One
 * editor has the password that the user set, the other a generated one; TLS brings a private key.
 * That secrets stand nowhere else: leakScan.test.ts.
 */
const GIVEN = `given-${randomBytes(18).toString("base64url")}"\\é`;
let project: LiveProject;
let environment: LiveEnvironment;
let outputs: StackOutputs;

beforeAll(async () => {
  project = await startProject({ secret: { instances: 2, access: { tier: "limited" } } });
  environment = project.environment("secret");
  const key = ["config", "set", "--secret", "--path", "doom-coding:secrets.code-server-1"];
  await environment.pulumiWithInput(GIVEN, ...key);
  await environment.up();
  outputs = await environment.outputs();
});
afterAll(() => project?.dispose());

describe("the files that carry them", () => {
  const sourceOf = async (container: string) => {
    const { Mounts } = await engine.getContainer(container).inspect();
    const mount = Mounts.find(({ Destination }) => Destination.startsWith("/run/secrets/"));
    return mount?.Source ?? "";
  };
  const serves = async (index: number) => {
    const client = new EditorClient(outputs.url);
    client.cookies.set(`doom-${environment.stack}`, `code-server-${index}`);
    // Without its editor the gateway answers that it is away.
    if ((await client.login(outputs.passwords[index] ?? "")).status === 503) return false;
    return client.getsIn();
  };

  it("are root's alone, in folders that are root's alone, in memory", async () => {
    for (const { Name } of await containersOf(environment.stack)) {
      const file = await sourceOf(Name.slice(1));
      const status = statSync(file);
      expect({ file, mode: status.mode & 0o777, owner: status.uid }).toEqual({
        file,
        mode: 0o400,
        owner: process.getuid?.(),
      });
      expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    }
  });

  it("both kinds of password open their editor", async () => {
    expect(await serves(1)).toBe(true);
    expect(await serves(2)).toBe(true);
  });

  it("an editor does not serve once its file is gone", async () => {
    const name = `doom-${environment.stack}-code-server-1`;
    const file = await sourceOf(name);
    const content = readFileSync(file);
    rmSync(file);
    await expect(engine.getContainer(name).restart({ t: 5 })).rejects.toThrow(/bind source|mount/);
    expect((await engine.getContainer(name).inspect()).State.Running).toBe(false);
    expect(await serves(1)).toBe(false);
    writeFileSync(file, content, { mode: 0o400 });
    await engine.getContainer(name).start();
    await waitForContainer(name, isHealthy);
  });

  it("an editor does not serve once its file is empty", async () => {
    const name = `doom-${environment.stack}-code-server-2`;
    const file = await sourceOf(name);
    const content = readFileSync(file);
    writeFileSync(file, "");
    await engine.getContainer(name).restart({ t: 5 });
    // Docker starts it over and over; it must end each time, before it listens.
    await waitForContainer(name, ({ RestartCount }) => RestartCount >= 2);
    const logs = await engine.getContainer(name).logs({ stdout: true, stderr: true, tail: 20 });
    expect(logs.toString("utf8")).toContain("FILE__HASHED_PASSWORD names an empty file");
    expect(await serves(2)).toBe(false);
    writeFileSync(file, content);
    await waitForContainer(name, isHealthy, 90);
    // The gateway sees it at its own next check.
    await expect.poll(() => serves(2), { timeout: 30_000 }).toBe(true);
  });
});
