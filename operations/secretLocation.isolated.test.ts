import { readFileSync, type StatsFs, statfsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { secretFolder } from "./secretLocation";

vi.mock("node:fs", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs")>();
  return { ...real, statfsSync: vi.fn(real.statfsSync) };
});

const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;
const EXT4 = 0xef53;
const BOOT = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);

/** Puts file systems at folders; any other is missing, or fails with the code given for it. */
function mount(places: Record<string, number | string>): void {
  vi.mocked(statfsSync).mockImplementation(((folder: string) => {
    const place = places[folder] ?? "ENOENT";
    if (typeof place === "string") throw Object.assign(new Error(place), { code: place });
    return { type: place } as StatsFs;
  }) as typeof statfsSync);
}

function runAs(uid: number, runtimeFolder?: string): void {
  vi.spyOn(process as Required<typeof process>, "getuid").mockReturnValue(uid);
  vi.stubEnv("XDG_RUNTIME_DIR", runtimeFolder);
}

const realStatfs = vi.mocked(statfsSync).getMockImplementation();

beforeEach(() => {
  if (realStatfs) vi.mocked(statfsSync).mockImplementation(realStatfs);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("the folder for secrets", () => {
  test.each([
    ["root", 0, undefined, { "/run": TMPFS, "/dev/shm": TMPFS }, "/run"],
    ["root whose /run is ramfs", 0, undefined, { "/run": RAMFS, "/dev/shm": TMPFS }, "/run"],
    ["root whose /run is on disk", 0, undefined, { "/run": EXT4, "/dev/shm": TMPFS }, "/dev/shm"],
    [
      "root, whatever session it came from",
      0,
      "/run/user/1000",
      { "/run": TMPFS, "/run/user/1000": TMPFS },
      "/run",
    ],
    [
      "a user",
      1000,
      "/run/user/1000",
      { "/run/user/1000": TMPFS, "/dev/shm": TMPFS },
      "/run/user/1000",
    ],
    ["a user without a session", 1000, undefined, { "/dev/shm": TMPFS }, "/dev/shm"],
    ["a user whose session is gone", 1000, "/run/user/1000", { "/dev/shm": TMPFS }, "/dev/shm"],
    [
      "a user in the session of another",
      1000,
      "/run/user/0",
      { "/run/user/0": "EACCES", "/dev/shm": TMPFS },
      "/dev/shm",
    ],
  ])("of %s", (_who, uid, runtimeFolder, places, base) => {
    runAs(uid, runtimeFolder);
    mount(places as Record<string, number | string>);
    expect(secretFolder("dev")).toBe(`${base}/doom-coding/${BOOT}/dev`);
  });

  test("is never on a disk", () => {
    runAs(1000, "/home/user");
    mount({ "/home/user": EXT4, "/dev/shm": EXT4 });
    expect(() => secretFolder("dev")).toThrow(
      new Error(
        "no memory-backed folder for secrets; tried /home/user, /dev/shm. Mount a tmpfs on one of them.",
      ),
    );
  });

  test("is not looked for any further after an error that says nothing about the folder", () => {
    runAs(0);
    mount({ "/run": "EIO", "/dev/shm": TMPFS });
    expect(() => secretFolder("dev")).toThrow("EIO");
  });

  test("is another one for each stack", () => {
    expect(secretFolder("dev")).not.toBe(secretFolder("dev2"));
  });

  test("on this very host lies in memory, as the kernel's table of mounts says", () => {
    const base = secretFolder("dev").split("/doom-coding/")[0];
    const mounts = readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" "));
    const mounted = mounts.filter(([, place]) => place === base).at(-1);
    expect(["tmpfs", "ramfs"]).toContain(mounted?.[2]);
  });
});
