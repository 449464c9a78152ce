import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { LanguageRuntimeClient } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import {
  GetProgramDependenciesRequest,
  GetRequiredPackagesRequest,
  ProgramInfo,
  RunPluginRequest,
  type RunPluginResponse,
  RunRequest,
  type RunResponse,
} from "@pulumi/pulumi/proto/language_pb.js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "language-host-"));
const host = join(folder, "host");
const program = join(folder, "program");
let started: ChildProcess;
let client: LanguageRuntimeClient;

function put(file: string, content: unknown): void {
  const path = join(program, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
}

/** A stand-in for the SDK's script: says how it was called, then does what the program name says. */
const SCRIPT = `
  const fs = require("node:fs");
  const { PULUMI_CONFIG, PULUMI_CONFIG_SECRET_KEYS, PULUMI_NODEJS_TYPESCRIPT, GIVEN } = process.env;
  fs.writeFileSync(process.env.REPORT ?? "report.json", JSON.stringify({
    args: process.argv.slice(2), cwd: process.cwd(), pid: process.pid, execArgv: process.execArgv,
    PULUMI_CONFIG, PULUMI_CONFIG_SECRET_KEYS, PULUMI_NODEJS_TYPESCRIPT, GIVEN,
  }));
  const last = process.argv.at(-1);
  if (last === "wait") setInterval(() => {}, 1000);
  else if (last === "signal") process.kill(process.pid, "SIGKILL");
  else if (last.startsWith("exit")) process.exitCode = Number(last.slice(4));
`;

beforeAll(() => {
  execFileSync(process.execPath, [join(__dirname, "bundle.mjs"), host, "1.2.3"]);
});

beforeEach(async () => {
  put("node_modules/@pulumi/pulumi/cmd/run/index.js", SCRIPT);
  put("node_modules/@pulumi/pulumi/package.json", { name: "@pulumi/pulumi", version: "3.0.0" });
  started = spawn(host, ["-v=9", "--tracing", "", "127.0.0.1:1"], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  const port = await new Promise<string>((resolve, reject) => {
    started.stdout?.once("data", (data: Buffer) => resolve(data.toString().trim()));
    started.once("exit", (code) => reject(new Error(`the host ended with ${code}`)));
  });
  client = new LanguageRuntimeClient(`127.0.0.1:${port}`, credentials.createInsecure());
});

afterEach(() => {
  client.close();
  started.kill("SIGKILL");
  rmSync(program, { recursive: true, force: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function programInfo(options: Record<string, string | boolean> = {}): ProgramInfo {
  return new ProgramInfo()
    .setRootDirectory(folder)
    .setProgramDirectory(program)
    .setEntryPoint(".")
    .setOptions(Struct.fromJavaScript(options));
}

function runRequest(entryPoint: string, options: Record<string, string | boolean> = {}) {
  const request = new RunRequest()
    .setMonitorAddress("127.0.0.1:2")
    .setProject("project")
    .setStack("stack")
    .setOrganization("organization")
    .setPwd(program)
    .setParallel(4)
    .setDryrun(true)
    .setInfo(programInfo(options).setEntryPoint(entryPoint));
  request.getConfigMap().set("project:key", "value").set("docker:config:host", "socket");
  return request.setConfigsecretkeysList(["project:key"]);
}

function run(request: RunRequest): Promise<RunResponse.AsObject> {
  return new Promise((resolve, reject) => {
    client.run(request, (error, response) =>
      error ? reject(error) : resolve(response.toObject()),
    );
  });
}

const report = () => JSON.parse(readFileSync(join(program, "report.json"), "utf8"));

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 15 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** An ended process may stay as a zombie until its new parent asks for its exit code. */
const isGone = (pid: number) =>
  /\) Z /.test(readable(() => readFileSync(`/proc/${pid}/stat`, "utf8")) ?? ") Z ");

describe("Run", () => {
  it("passes everything to the SDK's script", async () => {
    const outcome = await run(
      runRequest("exit0", { typescript: false, nodeargs: "--no-warnings" }),
    );
    expect(outcome).toEqual({ error: "", bail: false });
    const { pid: _, ...rest } = report();
    expect(rest).toEqual({
      args: [
        ...["--monitor", "127.0.0.1:2", "--engine", "127.0.0.1:1", "--organization"],
        ...["organization", "--project", "project", "--root-directory", folder, "--stack", "stack"],
        ...["--pwd", program, "--parallel", "4", "--dry-run", "exit0"],
      ],
      cwd: program,
      execArgv: ["--no-warnings"],
      PULUMI_CONFIG: '{"docker:config:host":"socket","project:config:key":"value"}',
      PULUMI_CONFIG_SECRET_KEYS: '["project:key"]',
      PULUMI_NODEJS_TYPESCRIPT: "false",
    });
  });

  it.each([
    ["exit32", { error: "", bail: true }],
    ["exit1", { error: "Program exited with non-zero exit code: 1", bail: false }],
    ["signal", { error: "Program was ended by signal SIGKILL", bail: false }],
  ])("reports the end of %s", async (entryPoint, expected) => {
    expect(await run(runRequest(entryPoint))).toEqual(expected);
  });

  it("says what to do when the SDK is missing", async () => {
    rmSync(join(program, "node_modules"), { recursive: true });
    await expect(run(runRequest("exit0"))).rejects.toThrow(/cmd\/run' from .*npm install/);
  });

  it("refuses an option with an impossible value", async () => {
    await expect(run(runRequest("exit0", { typescript: "no" }))).rejects.toThrow(
      'runtime option "typescript" is "no"; allowed: true or false',
    );
  });

  it.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("ends the program on %s", async (signal) => {
    const outcome = run(runRequest("wait")).catch((error: ServiceError) => error.code);
    await until(() => readable(report) !== undefined);
    const { pid } = report();
    expect(isGone(pid)).toBe(false);
    started.kill(signal);
    await until(() => isGone(pid));
    await outcome;
  });

  it("ends the program when the engine gives up the call", async () => {
    const call = client.run(runRequest("wait"), () => undefined);
    await until(() => readable(report) !== undefined);
    const { pid } = report();
    call.cancel();
    await until(() => isGone(pid));
    expect(started.exitCode).toBeNull();
  });
});

describe("RunPlugin", () => {
  function runPlugin(request: RunPluginRequest): Promise<RunPluginResponse.AsObject[]> {
    return new Promise((resolve, reject) => {
      const received: RunPluginResponse.AsObject[] = [];
      client
        .runPlugin(request)
        .on("data", (response: RunPluginResponse) => received.push(response.toObject()))
        .on("error", reject)
        .on("end", () => resolve(received));
    });
  }

  it("runs a policy pack in its folder and streams its output before the exit code", async () => {
    put(
      "node_modules/@pulumi/pulumi/cmd/run-policy-pack/index.js",
      `${SCRIPT}; process.stdout.write("4711\\n"); process.stderr.write("warning\\n");
       setTimeout(() => process.exit(5), 50);`,
    );
    const received = await runPlugin(
      new RunPluginRequest()
        .setKind("analyzer")
        .setPwd("/")
        .setArgsList(["127.0.0.1:1"])
        .setEnvList(["GIVEN=a=b", `PATH=${process.env.PATH}`])
        .setInfo(programInfo()),
    );
    expect(report()).toMatchObject({ args: ["127.0.0.1:1", program], cwd: program, GIVEN: "a=b" });
    const text = (key: "stdout" | "stderr") =>
      received.map((each) => Buffer.from(each[key] as string, "base64").toString()).join("");
    expect([text("stdout"), text("stderr")]).toEqual(["4711\n", "warning\n"]);
    expect(received.at(-1)?.exitcode).toBe(5);
  });
});

describe("packages", () => {
  const required = () =>
    new Promise((resolve, reject) => {
      client.getRequiredPackages(
        new GetRequiredPackagesRequest().setInfo(programInfo()),
        (error, response) => {
          if (error) return reject(error);
          const found = response.getPackagesList().map((each) => {
            return `${each.getKind()} ${each.getName()} ${each.getVersion()} ${each.getServer()}`;
          });
          return resolve(found.sort());
        },
      );
    });

  it("finds resource plugins at any depth, each version once", async () => {
    const plugin = (name: string, version: string, pulumi: object) => ({ name, version, pulumi });
    put("node_modules/@pulumi/a/package.json", plugin("@pulumi/a", "1.0.0", { resource: true }));
    put("node_modules/b/package.json", plugin("b", "v2.0.0", { resource: true, server: "url" }));
    put("node_modules/@x/c/package.json", plugin("@x/c", "3.0.0", { resource: true }));
    put("node_modules/d/package.json", plugin("d", "4.0.0", { resource: false }));
    put("node_modules/e/package.json", { name: "e", version: "5.0.0" });
    put(
      "node_modules/e/node_modules/a/package.json",
      plugin("unused", "0.0.1", { resource: true, name: "a", version: "1.1.0" }),
    );
    put("node_modules/f/node_modules/a/package.json", plugin("a", "1.0.0", { resource: true }));
    expect(await required()).toEqual([
      "resource a v1.0.0 ",
      "resource a v1.1.0 ",
      "resource b v2.0.0 url",
      "resource x/c v3.0.0 ",
    ]);
  });

  it("names a package.json that is broken", async () => {
    put("node_modules/bad/package.json", '{"pulumi": ');
    await expect(required()).rejects.toThrow(/bad\/package\.json is not valid JSON/);
  });

  it("lists the program's own dependencies with their installed versions", async () => {
    put("package.json", { name: "p", version: "1", dependencies: { direct: "^1" } });
    put("node_modules/direct/package.json", { name: "direct", version: "1.5.0" });
    put("node_modules/transitive/package.json", { name: "transitive", version: "2.0.0" });
    const list = (transitive: boolean) =>
      new Promise((resolve, reject) => {
        client.getProgramDependencies(
          new GetProgramDependenciesRequest()
            .setInfo(programInfo())
            .setTransitivedependencies(transitive),
          (error, response) =>
            error
              ? reject(error)
              : resolve(response.getDependenciesList().map((each) => each.toObject())),
        );
      });
    const direct = { name: "direct", version: "1.5.0" };
    expect(await list(false)).toEqual([direct]);
    expect(await list(true)).toContainEqual({ name: "transitive", version: "2.0.0" });
  });
});
