import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containersOf, engine, isHealthy, waitForContainer } from "../support/dockerHost";
import { EditorClient } from "../support/editorClient";
import type { LiveEnvironment, StackOutputs } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";
import { encodings, filesOf, findSecrets, type Haystack } from "../support/secretScan";

/*
 * Where secrets may stand: in the encrypted state, in root's files in memory, and nowhere else. One
 * editor has the password that the user set, the other a generated one; TLS brings a private key.
 */
const GIVEN = `given-${randomBytes(18).toString("base64url")}"\\é`;
let project: LiveProject;
let environment: LiveEnvironment;
let outputs: StackOutputs;
let secrets: Map<string, string>;
const printed: Haystack[] = [];

beforeAll(async () => {
  project = await startProject({ secret: { instances: 2, access: { tier: "limited" } } });
  environment = project.environment("secret");
  const key = ["config", "set", "--secret", "--path", "doom-coding:secrets.code-server-1"];
  await environment.pulumiWithInput(GIVEN, ...key);
  const say = async (name: string, text: Promise<string>) =>
    printed.push({ name, content: await text });
  await say("preview", environment.pulumi("preview", "--diff"));
  await say("preview --json", environment.pulumi("preview", "--json"));
  await say("up", environment.up("--diff"));
  await say("no-op preview", environment.pulumi("preview", "--diff"));
  await say("stack output", environment.pulumi("stack", "output", "--json"));
  await say("stack export", environment.pulumi("stack", "export"));
  outputs = await environment.outputs();
  secrets = await secretsOf(environment);
});
afterAll(() => project?.dispose());

/** The real secrets, from the decrypted state; throws when one that must exist is missing. */
async function secretsOf(of: LiveEnvironment): Promise<Map<string, string>> {
  const found = new Map(
    Object.entries(outputs.passwords).map(([n, value]) => [`password ${n}`, value]),
  );
  found.set("password of the snapshots", outputs.snapshotPassword);
  for (const { urn, outputs: values } of (await of.plainState()).resources) {
    const name = urn.slice(urn.lastIndexOf("::") + 2);
    if (!name.endsWith("-generate")) continue;
    const stdout = plainText((values as { stdout: unknown }).stdout);
    if (stdout.startsWith("{")) found.set(`hash of ${name}`, JSON.parse(stdout).hash);
    else found.set(`key of ${name}`, stdout);
  }
  const kinds = [...found.keys()].map((name) => name.split(" ")[0]).sort();
  expect(kinds).toEqual(["hash", "hash", "hash", "key", "password", "password", "password"]);
  return found;
}

/** The value of a decrypted secret in an exported state: JSON within the secret's envelope. */
function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.parse((value as { plaintext: string }).plaintext) as string;
}

describe("no secret stands readable", () => {
  it("in what Pulumi prints", () => {
    expect(printed.every(({ content }) => content.length > 0)).toBe(true);
    expect(findSecrets(secrets, printed)).toEqual([]);
  });

  it("in the state folder, its history and its backups", () => {
    const files = filesOf(path.join(environment.root, ".state"));
    const names = files.map(({ name }) => name).join("\n");
    expect(names).toContain(`${environment.stack}.json`);
    expect(names).toContain(".history.json");
    expect(findSecrets(secrets, files)).toEqual([]);
  });

  it("in the stack's file", () => {
    const file = path.join(environment.root, `Pulumi.${environment.stack}.yaml`);
    const content = readFileSync(file);
    expect(content.includes("secure:")).toBe(true);
    expect(findSecrets(secrets, [{ name: "stack file", content }])).toEqual([]);
  });

  it("in what Docker tells of containers, their logs, processes and images", async () => {
    const places: Haystack[] = [];
    for (const info of await containersOf(environment.stack)) {
      const container = engine.getContainer(info.Id);
      const logs = await container.logs({ stdout: true, stderr: true, follow: false });
      const history = await engine.getImage(info.Image).history();
      const image = await engine.getImage(info.Image).inspect();
      const top = await container.top({ ps_args: "-eo pid,args" });
      places.push(
        { name: `${info.Name} inspect`, content: JSON.stringify(info) },
        { name: `${info.Name} logs`, content: logs },
        { name: `${info.Name} processes`, content: JSON.stringify(top) },
        { name: `${info.Name} image`, content: JSON.stringify(image) },
        { name: `${info.Name} image history`, content: JSON.stringify(history) },
      );
    }
    expect(places).toHaveLength(15);
    expect(findSecrets(secrets, places)).toEqual([]);
  });

  it("in the environment of any of their processes", async () => {
    const places: Haystack[] = [];
    for (const info of await containersOf(environment.stack)) {
      const { Processes } = await engine.getContainer(info.Id).top({ ps_args: "-eo pid,args" });
      for (const [pid] of Processes as string[][]) {
        for (const file of ["environ", "cmdline"])
          places.push({
            name: `${info.Name} ${file}`,
            content: readFileSync(`/proc/${pid}/${file}`),
          });
      }
    }
    expect(places.length).toBeGreaterThanOrEqual(6);
    expect(places.some(({ content }) => content.includes("FILE__HASHED_PASSWORD="))).toBe(true);
    expect(findSecrets(secrets, places)).toEqual([]);
  });
});

describe("the search itself", () => {
  it("finds each secret in each form, in the middle of something else", () => {
    for (const [name, secret] of secrets) {
      const piece = secret.includes("-----BEGIN") ? (secret.split("\n").at(-3) ?? "") : secret;
      for (const [form, text] of encodings(piece)) {
        const planted = [{ name: "canary", content: `before ${text} after` }];
        expect(findSecrets(new Map([[name, secret]]), planted), `${name}, ${form}`).not.toEqual([]);
      }
    }
  });

  it("finds them where they do stand: the decrypted state", async () => {
    const content = await environment.pulumi("stack", "export", "--show-secrets");
    const found = findSecrets(secrets, [{ name: "decrypted", content }]);
    for (const name of secrets.keys()) expect(found.join("\n")).toContain(name);
  });
});

describe("the files that carry them", () => {
  const sourceOf = async (container: string) => {
    const { Mounts } = await engine.getContainer(container).inspect();
    const mount = Mounts.find(({ Destination }) => Destination.startsWith("/run/secrets/"));
    return mount?.Source ?? "";
  };
  const serves = async (index: number) => {
    const client = new EditorClient(outputs.url);
    client.cookies.set(`doom-${environment.stack}`, `code-server-${index}`);
    await client.login(outputs.passwords[index] ?? "");
    // Without its editor the gateway sends the visitor to the other one, where this password is wrong.
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
    expect(await serves(2)).toBe(true);
  });
});
