import { beforeAll, describe, expect, test } from "vitest";
import { canaryOutput, canaryPassword, SECRET_FOLDER } from "../test/support/environments";
import {
  allRequestsSent,
  isSecretValue,
  type Registration,
  registered,
  secretContent,
  settled,
  startMocks,
} from "../test/support/mocks";
import { CodeServer, type CodeServerArgs } from "./codeServer";
import { HEALTHCHECK } from "./container";

/** Not proven here: that Docker enforces the limits and that the image keeps its contract. */

const IMAGE = `sha256:${"ab".repeat(32)}`;

const ARGS: CodeServerArgs = {
  stack: "staging",
  index: 2,
  image: IMAGE,
  limits: { cpus: 1.25, memoryMebibytes: 1024 },
  networks: ["doom-staging-internal"],
  secretFolder: SECRET_FOLDER,
  user: { puid: 1001, pgid: 1002 },
  timeZone: "Europe/Berlin",
  logLevel: "info",
  variables: { EDITOR: "nano", A_QUOTED: "a=b $c 'd' \"e\" #f\n\u00fc" },
};

async function codeServer(changes: Partial<CodeServerArgs> = {}, stdout = canaryOutput) {
  const recorder = await startMocks("staging", { stdout });
  const component = new CodeServer("editor", { ...ARGS, ...changes });
  await allRequestsSent();
  return { recorder, component };
}

describe("the container", () => {
  let container: Registration;
  let hashPath: string;

  beforeAll(async () => {
    const { recorder } = await codeServer();
    container = registered(recorder, "editor-container");
    const environment = registered(recorder, "editor-hash-write").inputs.environment;
    hashPath = (environment as Record<string, string>).DOOM_SECRET_FILE as string;
  });

  test("gets exactly these inputs", () => {
    expect(container.inputs).toEqual({
      name: "doom-staging-code-server-2",
      hostname: "code-server-2",
      image: IMAGE,
      labels: [
        { label: "doom.instance", value: "2" },
        { label: "doom.role", value: "code-server" },
        { label: "doom.schema", value: "1" },
        { label: "doom.stack", value: "staging" },
      ],
      cpus: "1.25",
      cpuShares: 1280,
      memory: 1024,
      memorySwap: 1024,
      capabilities: {
        drops: ["ALL"],
        adds: [
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_FOWNER",
          "CAP_SETUID",
          "CAP_SETGID",
          "CAP_KILL",
        ],
      },
      securityOpts: ["no-new-privileges:true"],
      privileged: false,
      publishAllPorts: false,
      ipcMode: "private",
      cgroupnsMode: "private",
      logDriver: "json-file",
      logOpts: { "max-size": "10m", "max-file": "3" },
      restart: "unless-stopped",
      mustRun: true,
      wait: true,
      waitTimeout: 180,
      envs: [
        "A_QUOTED=a=b $c 'd' \"e\" #f\n\u00fc",
        "COOKIE_SUFFIX=staging-2",
        "DEFAULT_WORKSPACE=/config/workspace",
        "EDITOR=nano",
        "FILE__HASHED_PASSWORD=/run/secrets/hashed-password",
        "LOG_LEVEL=info",
        "PGID=1002",
        "PUID=1001",
        "TZ=Europe/Berlin",
      ],
      mounts: [
        { type: "volume", source: "doom-staging-data-2", target: "/config" },
        {
          type: "bind",
          source: hashPath,
          target: "/run/secrets/hashed-password",
          readOnly: true,
          bindOptions: { propagation: "rprivate" },
        },
      ],
      tmpfs: { "/run": "rw,exec,nosuid,nodev,mode=755,size=16m" },
      networksAdvanced: [
        { name: "doom-staging-internal", aliases: ["doom-staging-code-server-2"] },
      ],
      healthcheck: HEALTHCHECK,
      destroyGraceSeconds: 20,
    });
  });

  test("is replaced by stopping the old one first, and is neither protected nor kept", () => {
    expect(container.options).toMatchObject({
      deleteBeforeReplace: true,
      replaceOnChanges: ["mounts"],
      protect: false,
      retainOnDelete: false,
    });
  });

  test("takes no variable over what the configuration says elsewhere", async () => {
    const { recorder } = await codeServer({ variables: { PUID: "0", TZ: "UTC" } });
    const envs = registered(recorder, "editor-container").inputs.envs as string[];
    expect(envs.filter((line) => /^(PUID|TZ)=/.test(line))).toEqual([
      "PUID=1001",
      "TZ=Europe/Berlin",
    ]);
  });
});

describe("the first data", () => {
  test("is nobody's unless the configuration says so", async () => {
    const { recorder } = await codeServer();
    expect(recorder.registrations.filter(({ name }) => name.includes("seed"))).toEqual([]);
  });

  test("is there before the container is", async () => {
    const { recorder } = await codeServer({ seed: { volume: "old", acrossEnvironments: true } });
    const copy = registered(recorder, "editor-seed-copy");
    expect(copy.inputs.environment).toEqual({
      DOOM_STACK: "staging",
      DOOM_SEED_VOLUME: "old",
      DOOM_SEED_TARGET: "doom-staging-data-2",
      DOOM_SEED_ACROSS_ENVIRONMENTS: "true",
    });
    expect(copy.propertyDependencies.environment).toEqual([
      "docker:index/volume:Volume::editor-data-volume",
    ]);
    const { options, inputs } = registered(recorder, "editor-container");
    expect(options.dependencies).toContain("command:local:Command::editor-seed-copy");
    expect((inputs.mounts as { source: string }[])[0]?.source).toBe("doom-staging-data-2");
  });
});

describe("the password", () => {
  const { password, hash } = canaryPassword("editor-password-generate");

  test("only its hash goes into the file, marked secret", async () => {
    const { recorder } = await codeServer();
    const { DOOM_SECRET, DOOM_SECRET_FILE } = registered(recorder, "editor-hash-write").inputs
      .environment as Record<string, unknown>;
    expect(secretContent(DOOM_SECRET)).toBe(hash);
    expect(DOOM_SECRET_FILE).toMatch(
      new RegExp(`^${SECRET_FOLDER}/code-server-2-hashed-password-[0-9a-f]{12}$`),
    );
  });

  test("comes out as a secret", async () => {
    const { component } = await codeServer();
    expect(await settled(component.password)).toEqual({ value: password, secret: true });
  });

  test("that the user set reaches the generator, marked secret even when it was not", async () => {
    const { recorder } = await codeServer({ password: "canary given in the clear" });
    const { DOOM_GIVEN_PASSWORD } = registered(recorder, "editor-password-generate").inputs
      .environment as Record<string, unknown>;
    expect(isSecretValue(DOOM_GIVEN_PASSWORD)).toBe(true);
  });

  test("a new one is a new path, so that the container that mounts it is replaced", async () => {
    const path = async (hash: string) => {
      const { recorder } = await codeServer({}, () => JSON.stringify({ password: "p", hash }));
      const mounts = registered(recorder, "editor-container").inputs.mounts as { source: string }[];
      return mounts[1]?.source;
    };
    expect(await path("hash one")).not.toBe(await path("hash two"));
    expect(await path("hash one")).toBe(await path("hash one"));
  });
});
