import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engine } from "../support/dockerHost";
import {
  buildImage,
  type Ending,
  type ImageContainerArgs,
  ImageContainers,
  SECRET_PATH,
} from "./fixtures/image/imageContainer";

/*
 * The code-server image fails closed: whatever is wrong with the login or another setting, the
 * container ends before anything listens, says which variable it was, and never prints the value.
 */
const containers = new ImageContainers();
/** Part of every wrong value, so that its appearance anywhere in the output is found. */
const CANARY = "canary7Kq2mZ";
const GOOD_HASH =
  "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$r1DNHfJS9ETmPvd6dZ8WLAzMJrCZAzv0RkMuVn3Kx0g";
/** sysexits.h: EX_CONFIG. */
const CONFIGURATION_ERROR = 78;

let image: string;
beforeAll(async () => {
  await containers.clear();
  image = await buildImage("code-server");
});
afterAll(() => containers.dispose());

async function refusal(args: Omit<ImageContainerArgs, "image">): Promise<Ending> {
  const ending = await containers.startAndEnd({ image, ...args });
  expect(ending.code).toBe(CONFIGURATION_ERROR);
  expect(ending.output).not.toContain(CANARY);
  expect(ending.output).not.toContain("listening");
  // One line: the reader shall find what to do, not a trace.
  expect(ending.output.trim().split("\n")).toHaveLength(1);
  return ending;
}

const fromFile = { FILE__HASHED_PASSWORD: SECRET_PATH };
const fromPasswordFile = { FILE__PASSWORD: SECRET_PATH };

describe("a login secret in the environment", () => {
  it.each<[string, Record<string, string>, string]>([
    ["none at all", {}, "no login secret: set FILE__HASHED_PASSWORD"],
    ["an empty password", { PASSWORD: "" }, "PASSWORD is empty"],
    ["an empty hash", { HASHED_PASSWORD: "" }, "HASHED_PASSWORD is empty"],
    ["two", { PASSWORD: CANARY, HASHED_PASSWORD: GOOD_HASH }, "(PASSWORD HASHED_PASSWORD)"],
    ["an empty one beside a good one", { PASSWORD: "", ...fromFile }, "more than one login secret"],
    [
      "text for a hash",
      { HASHED_PASSWORD: CANARY },
      "HASHED_PASSWORD is not a complete argon2 hash",
    ],
    ["a SHA-256 hash", { HASHED_PASSWORD: "0a".repeat(32) }, "HASHED_PASSWORD is not a complete"],
    ["a placeholder hash", { HASHED_PASSWORD: `$argon2id$${CANARY}` }, "is not a complete argon2"],
    [
      "a hash without its digest",
      { HASHED_PASSWORD: GOOD_HASH.slice(0, GOOD_HASH.lastIndexOf("$") + 1) },
      "HASHED_PASSWORD is not a complete argon2 hash",
    ],
    ["a mask of Pulumi's", { PASSWORD: "[secret]" }, "PASSWORD holds a placeholder"],
    ["a well-known placeholder", { PASSWORD: "ChangeMe" }, "PASSWORD holds a placeholder"],
    ["white space only", { PASSWORD: "   " }, "PASSWORD begins or ends with white space"],
    ["leading white space", { PASSWORD: ` ${CANARY}` }, "PASSWORD begins or ends with white space"],
    [
      "a no-break space",
      { PASSWORD: `${CANARY}\u00a0` },
      "PASSWORD begins or ends with white space",
    ],
    ["a byte order mark", { PASSWORD: `\ufeff${CANARY}` }, "PASSWORD begins or ends with white"],
    [
      "an escape character",
      { PASSWORD: `${CANARY}\u001b[0m` },
      "PASSWORD holds a control character",
    ],
    ["two lines", { PASSWORD: `${CANARY}\n${CANARY}` }, "PASSWORD holds a control character"],
    ["a very long one", { PASSWORD: CANARY.repeat(100) }, "PASSWORD is above 1024 characters"],
  ])("is refused: %s", async (_, environment, message) => {
    expect((await refusal({ environment })).output).toContain(message);
  });
});

describe("a login secret in a file", () => {
  it.each<[string, string | Buffer, string]>([
    ["empty", "", "FILE__HASHED_PASSWORD names an empty file"],
    ["Windows line ends", `${GOOD_HASH}\r\n`, "FILE__HASHED_PASSWORD holds a carriage return"],
    ["a trailing newline", `${GOOD_HASH}\n`, "FILE__HASHED_PASSWORD ends with a newline"],
    ["a NUL byte", `${GOOD_HASH}\0`, "FILE__HASHED_PASSWORD names a file that holds a NUL byte"],
    [
      "not UTF-8",
      Buffer.from(`${CANARY}\xff`, "latin1"),
      "FILE__HASHED_PASSWORD is not valid UTF-8",
    ],
    ["a mebibyte", CANARY.repeat(100_000), "FILE__HASHED_PASSWORD names a file above 64 KiB"],
    ["no hash", CANARY, "FILE__HASHED_PASSWORD is not a complete argon2 hash"],
  ])("is refused: %s", async (_, secret, message) => {
    expect((await refusal({ secret, environment: fromFile })).output).toContain(message);
  });

  it("is refused: a password with a trailing newline", async () => {
    const { output } = await refusal({ secret: `${CANARY}\n`, environment: fromPasswordFile });
    expect(output).toContain("FILE__PASSWORD ends with a newline");
  });

  it("is refused: both forms of the same secret", async () => {
    const environment = { ...fromPasswordFile, PASSWORD: CANARY };
    const { output } = await refusal({ secret: CANARY, environment });
    expect(output).toContain("(PASSWORD FILE__PASSWORD)");
  });

  it.each<[string, string, string]>([
    ["is not there", SECRET_PATH, "names a file that does not exist"],
    ["is a folder", "/etc", "names something that is not a regular file"],
    ["is a device", "/dev/zero", "may not name something in /proc, /sys or /dev"],
    ["is of the kernel", "/proc/1/environ", "may not name something in /proc, /sys or /dev"],
    ["is of the kernel by a detour", "/etc/mtab", "may not name something in /proc"],
    ["has a path that is none", CANARY, "must be the absolute path of a file"],
    ["has an empty path", "", "must be the absolute path of a file"],
  ])("is refused when it %s", async (_, file, message) => {
    const { output } = await refusal({ environment: { FILE__PASSWORD: file } });
    expect(output).toContain(`FILE__PASSWORD ${message}`);
  });

  it("is refused when a folder was mounted in its place", async () => {
    const folder = path.join(containers.folder, "folder");
    mkdirSync(folder);
    const { output } = await refusal({ secret: { path: folder }, environment: fromFile });
    expect(output).toContain("FILE__HASHED_PASSWORD names something that is not a regular file");
  });

  it("is refused when it is a pipe, and nobody waits for a writer", async () => {
    const pipe = path.join(containers.folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const { output } = await refusal({ secret: { path: pipe }, environment: fromFile });
    expect(output).toContain("FILE__HASHED_PASSWORD names something that is not a regular file");
  });

  it("is refused when root in the container may not read it", async () => {
    const file = containers.secretFile(GOOD_HASH);
    // Owned by somebody else already when these tests do not run as root.
    if (process.getuid?.() === 0) chownSync(file, 4321, 4321);
    const { output } = await refusal({
      secret: { path: file },
      environment: fromFile,
      capabilities: ["CHOWN", "SETUID", "SETGID"],
    });
    expect(output).toContain("FILE__HASHED_PASSWORD names a file that is not readable");
  });
});

describe("another setting", () => {
  it.each<[Record<string, string>, string]>([
    [{ PUID: "0" }, "PUID must be above 0"],
    [{ PGID: "0" }, "PGID must be above 0"],
    [{ PUID: "" }, "PUID must be a number"],
    [{ PUID: "-1" }, "PUID must be a number"],
    [{ PUID: `1000${CANARY}` }, "PUID must be a number"],
    [{ PUID: "010" }, "PUID must be above 0 and without leading zeros"],
    [{ PUID: "4294967295" }, "PUID is above the highest id"],
    [{ PGID: "99999999999999999999" }, "PGID is above the highest id"],
    [{ TZ: `Europe/${CANARY}` }, "TZ must be a time zone"],
    [{ TZ: "../../../etc/passwd" }, "TZ must be a time zone"],
    [{ TZ: "Europe" }, "TZ must be a time zone"],
    [{ LOG_LEVEL: `loud${CANARY}` }, "LOG_LEVEL must be trace, debug, info, warn or error"],
    [{ DEFAULT_WORKSPACE: "workspace" }, "DEFAULT_WORKSPACE must be an absolute path"],
    [{ DEFAULT_WORKSPACE: "/config/../etc/new" }, "DEFAULT_WORKSPACE must be an absolute path"],
    [{ DEFAULT_WORKSPACE: "/config/a\nb" }, "DEFAULT_WORKSPACE must be an absolute path"],
    [{ DEFAULT_WORKSPACE: "/" }, "DEFAULT_WORKSPACE lies in a folder of the system"],
    [{ DEFAULT_WORKSPACE: "/etc/new" }, "DEFAULT_WORKSPACE lies in a folder of the system"],
    [{ DEFAULT_WORKSPACE: "//etc/new" }, "DEFAULT_WORKSPACE lies in a folder of the system"],
    [{ FILE__GREETING: `/config/${CANARY}` }, "FILE__GREETING names a file that does not exist"],
    [{ FILE__LD_PRELOAD: "/etc/hostname" }, "FILE__LD_PRELOAD: LD_PRELOAD may not be set from"],
    [{ FILE__1X: "/etc/hostname" }, "FILE__1X names no variable"],
    [{ FILE__TZ: "/etc/hostname", TZ: "Etc/UTC" }, "FILE__TZ and TZ are both set"],
  ])("is refused: %j", async (wrong, message) => {
    const environment = { PASSWORD: "a good password", ...wrong };
    expect((await refusal({ environment })).output).toContain(message);
  });

  it("is refused: a start as somebody else than root", async () => {
    const environment = { PASSWORD: "a good password" };
    const { output } = await refusal({ environment, options: { User: "1000" } });
    expect(output).toContain("must be started as root");
  });

  it.each([
    ["SETUID", "SETUID and SETGID are needed"],
    ["SETGID", "SETUID and SETGID are needed"],
    ["CHOWN", "CHOWN and DAC_OVERRIDE are needed"],
  ])("is refused: no %s capability", async (missing, message) => {
    const capabilities = ["CHOWN", "DAC_OVERRIDE", "SETUID", "SETGID"].filter((c) => c !== missing);
    const ending = await containers.startAndEnd({
      image,
      environment: { PASSWORD: "a good password", PUID: "1234" },
      capabilities,
    });
    expect(ending.code).toBe(CONFIGURATION_ERROR);
    expect(ending.output).toContain(message);
  });

  it("leaves nothing of these tests behind", async () => {
    await containers.clear();
    const filters = { label: [`doom.test.process=${process.pid}`] };
    expect(await engine.listContainers({ all: true, filters })).toEqual([]);
  });
});
