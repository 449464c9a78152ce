import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type Docker from "dockerode";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchFolders } from "../test/support/scratch";
import { contentHash } from "./contentHash";
import { claudeImage, findBaseImage, imageSources, toolsImageSource } from "./imageSources";

const scratch = scratchFolders();
let root: string;
const HASH = /^[0-9a-f]{64}$/;

function write(file: string, content: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), content);
}

beforeEach(() => {
  root = scratch();
  write(
    "toolchain/versions.json",
    '{"base":{"suite":"trixie","revision":7},"goToolchain":"go1.26.9","tailscale":"1.92.3"}',
  );
  write("images/code-server/Dockerfile", "FROM a\n");
  write("images/gateway/Dockerfile", "FROM b\n");
  write("images/tailscale/Dockerfile", "FROM c\n");
  write("images/extra-ca/.gitkeep", "");
});

const BASE = { name: "doom-coding/base:trixie-r7", id: `sha256:${"1".repeat(64)}` };
const VERSION = { version: "4.133.0" };
const OFF = { enabled: false, acceptDns: false };
const of = (image: { version: string } | { reference: string }, claude = false) => ({
  image,
  claude: { enabled: claude },
  tailscale: OFF,
});
const REFERENCE = { reference: `sha256:${"ab".repeat(32)}` };

test("a version is built, on the base image that the set-up makes", () => {
  const { codeServer, gateway } = imageSources({ root, base: BASE }, of(VERSION));
  expect(codeServer).toEqual({
    folder: "code-server",
    tag: "4.133.0",
    contentHash: expect.stringMatching(HASH),
    buildArgs: {
      BASE_IMAGE: "doom-coding/base:trixie-r7",
      CODE_SERVER_VERSION: "4.133.0",
    },
  });
  expect(gateway).toEqual({
    folder: "gateway",
    tag: "1",
    contentHash: expect.stringMatching(HASH),
    buildArgs: { BASE_IMAGE: "doom-coding/base:trixie-r7" },
  });
});

test("a reference is taken as it is; the gateway is built all the same", () => {
  const { codeServer, gateway } = imageSources({ root, base: BASE }, of(REFERENCE));
  expect(codeServer).toEqual(REFERENCE);
  expect(gateway).toEqual(imageSources({ root, base: BASE }, of(VERSION)).gateway);
});

test("Claude Code is built where it is wanted: the newest version, another one, or an image", () => {
  write("images/claude/Dockerfile", "FROM c\n");
  expect(imageSources({ root, base: BASE }, of(VERSION)).claude).toBeUndefined();
  expect(imageSources({ root, base: BASE }, of(VERSION, true)).claude).toMatchObject({
    folder: "claude",
    tag: "2.1.328",
    buildArgs: { CLAUDE_VERSION: "2.1.328" },
  });
  expect(claudeImage({ root, base: BASE }, { enabled: true, version: "2.1.326" })).toMatchObject({
    tag: "2.1.326",
  });
  expect(claudeImage({ root, base: BASE }, { enabled: true, ...REFERENCE })).toEqual(REFERENCE);
});

describe("Tailscale", () => {
  const source = (tailscale: object) =>
    imageSources({ root, base: BASE }, { ...of(VERSION), tailscale: { ...OFF, ...tailscale } })
      .tailscale;
  const expected = (version: string) => ({
    folder: "tailscale",
    tag: version,
    contentHash: expect.stringMatching(HASH),
    buildArgs: {
      BASE_IMAGE: "doom-coding/base:trixie-r7",
      GO_TOOLCHAIN: "go1.26.9",
      TAILSCALE_VERSION: version,
    },
  });

  test.each<[string, object, () => unknown]>([
    ["no image where there is no node", {}, () => undefined],
    ["this project's version", { enabled: true }, () => expected("1.92.3")],
    ["the version that is named", { enabled: true, version: "1.90.9" }, () => expected("1.90.9")],
    ["the image that is named", { enabled: true, ...REFERENCE }, () => REFERENCE],
  ])("%s", (_title, tailscale, wanted) => expect(source(tailscale)).toEqual(wanted()));

  test("is built by the Go that the set-up pins", () => {
    const pins = (file: string) =>
      readFileSync(path.join(__dirname, "..", file), "utf8").replace(/^#.*\n/gm, "");
    expect(pins("images/tailscale/build/go.requirements.txt")).toBe(
      pins("toolchain/goToolchain.requirements.txt"),
    );
  });
});

describe("what makes an image build anew", () => {
  const hashes = () => {
    const { codeServer, gateway } = imageSources({ root, base: BASE }, of(VERSION));
    return {
      codeServer: "contentHash" in codeServer && codeServer.contentHash,
      gateway: gateway.contentHash,
    };
  };

  test.each([
    ["its own folder", "images/code-server/start.sh", true, false],
    ["the gateway's folder", "images/gateway/start.sh", false, true],
    ["an extra certificate", "images/extra-ca/company.crt", true, true],
    ["another folder", "images/claude/Dockerfile", false, false],
    ["anything else", "README.md", false, false],
  ])("%s", (_title, file, codeServer, gateway) => {
    const before = hashes();
    write(file, "new");
    const after = hashes();
    expect({
      codeServer: after.codeServer !== before.codeServer,
      gateway: after.gateway !== before.gateway,
    }).toEqual({ codeServer, gateway });
  });

  test("a base image that was made anew under the same name", () => {
    write("images/tools/Dockerfile", "FROM c\n");
    const anew = { ...BASE, id: `sha256:${"2".repeat(64)}` };
    const hashesOn = (base: typeof BASE) => {
      const { codeServer, gateway } = imageSources({ root, base }, of(VERSION));
      return [codeServer, gateway, toolsImageSource(root, base)].map(
        (source) => "contentHash" in source && source.contentHash,
      );
    };
    const [before, after] = [hashesOn(BASE), hashesOn(anew)];
    expect(hashesOn({ ...BASE })).toEqual(before);
    expect(new Set([...before, ...after]).size).toBe(6);
  });

  test("nothing else: the hash is that of its files and the base image's ID", () => {
    const files = contentHash(path.join(root, "images"), ["gateway", "extra-ca"]);
    expect(hashes().gateway).toBe(
      createHash("sha256").update(`${files}\0${BASE.id}`).digest("hex"),
    );
  });
});

describe("the base image", () => {
  /** A Docker host that has the images of these names. */
  const having = (images: Readonly<Record<string, string>>) =>
    ({
      getImage: (name: string) => ({
        inspect: async () => {
          const Id = images[name];
          if (Id === undefined)
            throw Object.assign(new Error("no such image"), { statusCode: 404 });
          return { Id };
        },
      }),
    }) as unknown as Docker;

  test("is the one of the name that the file of versions gives", async () => {
    const docker = having({ [BASE.name]: BASE.id, "doom-coding/base:trixie-r6": "sha256:old" });
    expect(await findBaseImage(docker, root)).toEqual(BASE);
  });

  test("that is missing is named, with what makes it", async () => {
    await expect(findBaseImage(having({}), root)).rejects.toMatchObject({
      kind: "preflight",
      summary: "The base image doom-coding/base:trixie-r7 is not on the Docker host.",
      fix: "npm run setup makes it",
    });
  });

  test("without the file of versions it says which one is missing", async () => {
    await expect(findBaseImage(having({}), scratch())).rejects.toThrow(
      /ENOENT.*toolchain\/versions\.json/,
    );
  });
});
