import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { argon2id } from "hash-wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SecretSearch } from "../../checks/secretSearch";
import { deepGate } from "../../operations/deepGate";
import { engine, runIn, waitForContainer } from "../support/dockerHost";
import { editorSocketPath, WORKBENCH } from "../support/editorClient";
import {
  buildImage,
  clientOf,
  ImageContainers,
  logsOf,
  SECRET_PATH,
} from "./fixtures/image/imageContainer";

/** The code-server image as it really starts, works and ends, under the contract's restrictions. */
const containers = new ImageContainers();
const PASSWORD = `password-${randomBytes(12).toString("hex")}`;
const FILE_VARIABLE = { FILE__HASHED_PASSWORD: SECRET_PATH };
const MAXIMUM_BYTES = 1.1e9;
let hash: string;
let image: string;

beforeAll(async () => {
  await containers.clear();
  hash = await argon2id({
    password: PASSWORD,
    salt: randomBytes(16),
    parallelism: 1,
    iterations: 2,
    memorySize: 19_456,
    hashLength: 32,
    outputType: "encoded",
  });
  image = await buildImage("code-server");
});
afterAll(() => containers.dispose());

/** The fields of `/proc/PID/status` for every process but root's own probe. */
async function statusOfProcesses(container: Docker.Container): Promise<Map<string, string>[]> {
  const script = "for status in /proc/[0-9]*/status; do cat $status; echo; done";
  const text = await runIn(container.id, ["bash", "-c", script]);
  const all = text
    .trim()
    .split("\n\n")
    .map(
      (block) => new Map(block.split("\n").map((line) => line.split(":\t") as [string, string])),
    );
  // What the engine itself starts in the container: this script and the health check.
  const ours = new Set(["bash", "cat", "sleep", "curl", "healthcheck"]);
  return all.filter((status) => !ours.has(status.get("Name") ?? ""));
}

describe.each(["4.139.1", "4.133.0"])("version %s", (version) => {
  let built: string;
  let container: Docker.Container;
  beforeAll(async () => {
    built = await buildImage("code-server", { CODE_SERVER_VERSION: version });
    container = await containers.startHealthy({
      image: built,
      secret: hash,
      environment: { ...FILE_VARIABLE, PUID: "1234", PGID: "2345" },
    });
  });

  it("is below 1.1 GB and holds no compiler, cache or source map", async () => {
    const { Size, Config } = await engine.getImage(built).inspect();
    expect(Size).toBeLessThan(MAXIMUM_BYTES);
    expect(Config.Labels).toMatchObject({
      "doom.role": "image",
      "org.opencontainers.image.version": version,
    });
    const search = `for tool in gcc cc g++ make npm python3; do command -v $tool; done
      ls -d /root/.npm /var/lib/apt/lists/*_dists_* /var/cache/apt/*.bin
      find / -xdev -name '*.map' -path '*code-server*'
      find /opt/code-server -path '*/ripgrep-universal/bin/*' -type d ! -name 'linux-*'
      true`;
    const found = await runIn(container.id, ["bash", "-c", `${search} 2>/dev/null`]);
    expect(found.split("\n").filter((line) => line && !line.includes("No such file"))).toEqual([]);
  });

  it("runs as PUID and PGID, with no capability and no way to get one", async () => {
    const processes = await statusOfProcesses(container);
    expect(processes.map((status) => status.get("Name"))).toContain("tini");
    expect(processes.length).toBeGreaterThanOrEqual(3);
    for (const status of processes) {
      expect(Object.fromEntries(status)).toMatchObject({
        Uid: "1234\t1234\t1234\t1234",
        Gid: "2345\t2345\t2345\t2345",
        Groups: " ",
        CapInh: "0000000000000000",
        CapPrm: "0000000000000000",
        CapEff: "0000000000000000",
        CapAmb: "0000000000000000",
        NoNewPrivs: "1",
      });
    }
  });

  it("lets in who knows the password, and nobody else", async () => {
    const stranger = await clientOf(container);
    expect(await stranger.request("")).toMatchObject({
      status: 302,
      headers: { location: "./login" },
    });
    expect(await stranger.handshake("stable-0?skipWebSocketFrames=false")).not.toBe(101);
    const refusal = await stranger.login(`${PASSWORD}x`);
    expect(refusal.status).toBe(200);
    expect(refusal.body).toContain("Incorrect password");
    expect(stranger.cookies.size).toBe(0);

    const owner = await clientOf(container);
    expect((await owner.login(PASSWORD)).status).toBe(302);
    const workbench = await owner.request(WORKBENCH);
    expect(workbench.status).toBe(200);
    expect(await owner.handshake(editorSocketPath(workbench.body))).toBe(101);
  });

  it("passes the deep gate in all but the volume, of which it has none", async () => {
    const { checks } = await deepGate({
      container: container.id,
      loginHash: hash,
      extensions: [],
      timeoutSeconds: 60,
      uptimeSeconds: 0,
    });
    const failed = checks.filter(({ passed }) => !passed);
    expect(failed).toMatchObject([
      { name: "volume", evidence: expect.stringContaining("nothing is mounted") },
    ]);
  });

  it("can search and open a terminal with the native modules that it kept", async () => {
    const modules = "/opt/code-server/lib/vscode/node_modules";
    const rg = `${modules}/@vscode/ripgrep-universal/bin/linux-*/rg`;
    expect(await runIn(container.id, ["bash", "-c", `${rg} --version`], "1234")).toContain(
      "ripgrep",
    );
    const terminal = `const shell = require("${modules}/node-pty").spawn("bash", ["-c", "tty"], {});
      shell.onData((text) => process.stdout.write(text));`;
    expect(await runIn(container.id, ["node", "-e", terminal], "1234")).toContain("/dev/pts/");
  });
});

describe("the secret", () => {
  let search: SecretSearch;
  beforeAll(() => {
    search = new SecretSearch([
      { name: "hash", value: hash },
      { name: "password", value: PASSWORD },
    ]);
  });

  it("stands nowhere but in its own file", async () => {
    const container = await containers.startHealthy({
      image,
      secret: hash,
      environment: { ...FILE_VARIABLE, LOG_LEVEL: "trace", GREETING: "hello" },
    });
    await (await clientOf(container)).login(PASSWORD);
    // As the user himself, which is who a terminal in the editor runs as.
    const dump = (file: string) =>
      runIn(
        container.id,
        ["bash", "-c", `for f in /proc/[0-9]*/${file}; do tr '\\0' '\\n' <$f; done`],
        "1000",
      );
    const environments = await dump("environ");
    expect(environments).toContain("GREETING=hello");
    expect(environments).toContain("USER=coder");
    const script = `find /run /tmp /config /etc -type f -readable -exec cat {} +
      timeout 2 cat /proc/1/fd/3`;
    const places = {
      environment: environments,
      "command lines": await dump("cmdline"),
      "files of the user": await runIn(container.id, ["bash", "-c", script], "1000"),
      "docker inspect": JSON.stringify(await container.inspect()),
      logs: await logsOf(container),
      "image history": JSON.stringify(await engine.getImage(image).history()),
      "changed files": JSON.stringify(await container.changes()),
    };
    for (const [name, content] of Object.entries(places))
      expect(search.findIn(content), name).toEqual([]);
    await expect(
      runIn(container.id, ["cat", SECRET_PATH], "1000"),
      "the mounted file is root's",
    ).rejects.toThrow("Permission denied");
  });

  it("is taken out of the environment when it came in there", async () => {
    const container = await containers.startHealthy({ image, environment: { PASSWORD } });
    const client = await clientOf(container);
    expect((await client.login(PASSWORD)).status).toBe(302);
    expect((await client.request("")).status).toBe(302);
    const read =
      "for p in $(pgrep --full '^(tini|node|/usr/local/bin/node) '); do cat /proc/$p/environ; done";
    const content = await runIn(container.id, ["bash", "-c", read], "1000");
    expect(content).toContain("HOME=/config");
    expect(search.findIn(content)).toEqual([]);
  });

  it.each([
    "quotes \" ' and \\ and $HOME $(id) `id`",
    "true",
    "0123",
    "-rf --auth=none",
    "# not a comment: {a: [b]}",
    "ünïcode 漢字 🔑",
  ])("may be the password %s", async (password) => {
    const container = await containers.startHealthy({
      image,
      secret: password,
      environment: { FILE__PASSWORD: SECRET_PATH },
    });
    const client = await clientOf(container);
    expect((await client.request("")).headers.location).toBe("./login");
    await client.login(`${password}x`);
    expect(client.cookies.size).toBe(0);
    expect((await client.login(password)).status).toBe(302);
    expect(client.cookies.size).toBe(1);
  });
});

describe("the health check", () => {
  it("fails when the editor serves without a login", async () => {
    const open = "mkdir -p /run/code-server; exec code-server --auth none --bind-addr 0.0.0.0:8443";
    const container = await containers.start({
      image,
      options: { Entrypoint: ["bash", "-c", open], Cmd: [], Healthcheck: { Test: ["NONE"] } },
    });
    await expect(runIn(container.id, ["healthcheck"])).rejects.toThrow(
      "instead of a redirect to the login page",
    );
    expect((await container.inspect()).State.Running).toBe(true);
  });

  it("fails when nothing answers any more, and proves the login again after a restart", async () => {
    const container = await containers.startHealthy({
      image,
      secret: hash,
      environment: FILE_VARIABLE,
    });
    const proof = ["stat", "--format=%Y", "/run/code-server/login-required"];
    const before = await runIn(container.id, proof);
    await runIn(container.id, ["pkill", "--signal", "STOP", "--full", "/opt/code-server"], "1000");
    await expect(runIn(container.id, ["healthcheck"])).rejects.toThrow("/healthz answered 000");
    await runIn(container.id, ["pkill", "--signal", "CONT", "--full", "/opt/code-server"], "1000");
    await container.restart();
    await waitForContainer(container.id, ({ State }) => State.Health?.Status === "healthy");
    expect(Number(await runIn(container.id, proof))).toBeGreaterThan(Number(before));
  });
});

describe("start and stop", () => {
  it("ends at once and cleanly when told to", async () => {
    const container = await containers.startHealthy({
      image,
      secret: hash,
      environment: FILE_VARIABLE,
    });
    const start = Date.now();
    await container.stop({ t: 10 });
    expect(Date.now() - start).toBeLessThan(5000);
    expect((await container.inspect()).State.ExitCode).toBe(0);
  });

  it("needs no more than four capabilities, and for its own ids no writable system", async () => {
    await containers.startHealthy({
      image,
      secret: hash,
      environment: { ...FILE_VARIABLE, PUID: "1234" },
      capabilities: ["CHOWN", "DAC_OVERRIDE", "SETUID", "SETGID"],
    });
    const volume = await containers.volume(image, "true");
    const secret = containers.secretFile(hash);
    await containers.startHealthy({
      image,
      environment: FILE_VARIABLE,
      host: {
        ReadonlyRootfs: true,
        Tmpfs: { "/run": "", "/tmp": "" },
        Mounts: [
          { Type: "volume", Source: volume, Target: "/config" },
          { Type: "bind", Source: secret, Target: SECRET_PATH, ReadOnly: true },
        ],
      },
    });
  });

  it("takes settings from files, keeps its address, and makes the workspace", async () => {
    const container = await containers.startHealthy({
      image,
      secret: hash,
      environment: {
        ...FILE_VARIABLE,
        TZ: "Europe/Berlin",
        PORT: "9999",
        CODE_SERVER_HOST: "127.0.0.1",
        DEFAULT_WORKSPACE: "/projects/one",
        FILE__GREETING: "/etc/debian_version",
      },
    });
    expect((await (await clientOf(container)).request("healthz")).status).toBe(200);
    const script = `tr '\\0' '\\n' </proc/1/environ | grep -E '^(GREETING|TZ|FILE__.*)='
      stat --format '%u:%g' /projects/one`;
    const text = await runIn(container.id, ["bash", "-c", script], "1000");
    expect(text.trim().split("\n").sort()).toEqual([
      "1000:1000",
      expect.stringMatching(/^GREETING=12/),
      "TZ=Europe/Berlin",
    ]);
  });
});

describe("the volume", () => {
  const OTHERS = "2000:3000";

  async function startOn(volume: string, environment: Record<string, string>) {
    const source = containers.secretFile(hash);
    const container = await containers.startHealthy({
      image,
      environment: { ...FILE_VARIABLE, ...environment },
      host: {
        Mounts: [
          { Type: "volume", Source: volume, Target: "/config" },
          { Type: "bind", Source: source, Target: SECRET_PATH, ReadOnly: true },
        ],
      },
    });
    await container.remove({ force: true });
  }

  it("is handed over whole when its folder belongs to somebody else, and only then", async () => {
    const script = `mkdir a; echo text >a/file; ln -s /etc/passwd a/link; chmod 700 a
      chown -hR 777:777 . ; chmod 750 .`;
    const volume = await containers.volume(image, script);
    const environment = { PUID: "2000", PGID: "3000" };
    await startOn(volume, environment);
    const owners = "stat --format '%u:%g %n' . a a/file a/link workspace data; stat -c %a .";
    expect(await containers.runOnVolume(image, volume, owners)).toBe(
      `${[".", "a", "a/file", "a/link", "workspace", "data"].map((n) => `${OTHERS} ${n}\n`).join("")}750\n`,
    );

    await containers.runOnVolume(image, volume, "chown 5:5 a/file");
    await startOn(volume, environment);
    const file = "stat --format %u:%g a/file";
    expect(await containers.runOnVolume(image, volume, file)).toBe("5:5\n");
  });

  it("cannot lead root astray with a link in it", async () => {
    const volume = await containers.volume(image, "ln -s /etc extensions; ln -s /etc workspace");
    const source = containers.secretFile(hash);
    const container = await containers.startHealthy({
      image,
      environment: { ...FILE_VARIABLE, PUID: "2000" },
      host: {
        Mounts: [
          { Type: "volume", Source: volume, Target: "/config" },
          { Type: "bind", Source: source, Target: SECRET_PATH, ReadOnly: true },
        ],
      },
    });
    expect(await runIn(container.id, ["stat", "--format=%u", "/etc", "/etc/passwd"])).toBe(
      "0\n0\n",
    );
  });
});
