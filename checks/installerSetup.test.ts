import { describe, expect, it } from "vitest";
import {
  folderWriters,
  leftBehind,
  mountAt,
  mountPointsBelow,
  partsOf,
  type SetupContainer,
  type SetupMount,
  setupFolders,
  setupProblems,
} from "./installerSetup";

const FOLDER = "/srv/doom-coding";
const volume = (from: string, at: string): SetupMount => ({
  kind: "volume",
  from,
  at,
  writes: true,
});
const directory = (from: string, at: string, writes = true): SetupMount => ({
  kind: "directory",
  from,
  at,
  writes,
});

/** A container as the installer's compose files make it in `folder`; without one, made by hand. */
function container(
  name: string,
  service: string,
  folder: string | undefined,
  mounts: readonly SetupMount[],
): SetupContainer {
  const made = folder !== undefined;
  return {
    id: `id-${name}`,
    name,
    state: "running",
    folder,
    service: made ? service : undefined,
    ofInstaller: made,
    mounts,
  };
}

const EDITOR_MOUNTS = [
  volume("doom-code-server-config", "/config"),
  directory("/srv/projects", "/workspace"),
  directory(`${FOLDER}/config/zsh/.zshrc`, "/config/.zshrc", false),
];
const editor = container("doom-code-server", "code-server", FOLDER, EDITOR_MOUNTS);
const claude = container("doom-claude", "claude", FOLDER, [
  volume("doom-claude-config", "/home/claude/.claude"),
  directory("/srv/projects", "/workspace"),
]);
const stranger = container("db", "db", "/srv/db", [directory("/srv/db/data", "/data")]);
const all = [stranger, editor, claude];

describe("the containers of a setup", () => {
  it("are those of its folder, whatever they are called", () => {
    const named = { ...editor, name: "my-editor" };
    expect(partsOf([stranger, named, claude], FOLDER)).toEqual({ editor: named, claude });
    expect(setupFolders([stranger, named, claude])).toEqual([FOLDER]);
  });

  it("are those with the fixed names when no folder is known", () => {
    const byHand = container("doom-code-server", "", undefined, EDITOR_MOUNTS);
    expect(partsOf([stranger, byHand], FOLDER)).toEqual({ editor: byHand });
    expect(setupFolders([byHand])).toEqual([]);
  });

  it("are not those with the fixed names of another setup", () => {
    const other = container("doom-code-server", "code-server", "/home/other", EDITOR_MOUNTS);
    const parts = partsOf([other], FOLDER);
    expect(parts).toEqual({});
    expect(setupProblems([other], parts, FOLDER)).toEqual([
      "the container doom-code-server belongs to another setup, in /home/other; name the .env there",
    ]);
    expect(setupFolders([editor, other])).toEqual(["/home/other", FOLDER]);
  });

  it("may be gone", () => {
    const parts = partsOf([stranger], FOLDER);
    expect(parts).toEqual({});
    expect(setupProblems([stranger], parts, FOLDER)).toEqual([]);
  });

  it("may not have the volume of the fixed name when another setup's container uses it", () => {
    const other = container("x", "x", "/other", [volume("doom-code-server-config", "/data")]);
    expect(setupProblems([other], {}, FOLDER)).toEqual([expect.stringContaining("container x ")]);
  });

  it("must have their data where the installer has it", () => {
    const bare = { ...editor, mounts: [] };
    expect(setupProblems([bare], { editor: bare }, FOLDER)).toEqual([
      "the container doom-code-server has no volume at /config, where the installer's editor keeps its data",
    ]);
    expect(setupProblems(all, partsOf(all, FOLDER), FOLDER)).toEqual([]);
  });

  it("tell where the workspace is", () => {
    expect(mountAt({ editor }, "/workspace")?.from).toBe("/srv/projects");
    expect(mountAt({}, "/workspace")).toBeUndefined();
  });
});

describe("who may write to a folder", () => {
  it.each([
    ["/srv/projects", ["doom-code-server", "doom-claude"]],
    ["/srv/projects/one", ["doom-code-server", "doom-claude"]],
    ["/srv/db", ["db"]],
    ["/srv/project", []],
    [`${FOLDER}/config`, []],
  ])("%s: %j", (path, names) => {
    expect(folderWriters(all, path).map(({ name }) => name)).toEqual(names);
  });
});

describe("what is left behind", () => {
  it("are the volumes of others and what is mounted over the editor's", () => {
    const volumes = ["doom-claude-config", "doom-tailscale-state", "doom-code-server-config", "x"];
    const left = leftBehind(partsOf(all, FOLDER), volumes);
    expect(left.map(({ what }) => what)).toEqual([
      "the volume doom-claude-config",
      "the volume doom-tailscale-state",
      `${FOLDER}/config/zsh/.zshrc`,
    ]);
    expect(left.every(({ why }) => why.length > 0)).toBe(true);
  });

  it("is only what there is, by the name that it has", () => {
    const own = container("c", "claude", FOLDER, [volume("mine", "/home/claude/.claude")]);
    expect(leftBehind({ claude: own }, ["mine", "doom-claude-config"])).toEqual([
      expect.objectContaining({ what: "the volume mine" }),
    ]);
    expect(leftBehind({}, [])).toEqual([]);
  });
});

describe("mount points", () => {
  const line = (path: string) => `36 35 98:0 / ${path} rw,noatime shared:1 - ext4 /dev/root rw`;
  it("are those below the folder, with their escapes read", () => {
    const text = ["/", "/srv", "/srv/a", "/srv/a/b\\040c", "/srv/ab"].map(line).join("\n");
    expect(mountPointsBelow(`${text}\n`, "/srv/a")).toEqual(["/srv/a/b c"]);
    expect(mountPointsBelow(text, "/home")).toEqual([]);
  });
});
