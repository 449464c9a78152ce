import { describe, expect, test } from "vitest";
import {
  activeWriters,
  type PlaceFacts,
  pairProblems,
  sourceProblems,
  targetProblems,
  type VolumeUser,
} from "./migrationRules";

const place = (changes: Partial<PlaceFacts> = {}): PlaceFacts => ({
  kind: "volume",
  title: `the volume ${changes.at ?? "a"}`,
  at: "a",
  stack: undefined,
  role: undefined,
  driverOptions: {},
  users: [],
  ...changes,
});
const user = (changes: Partial<VolumeUser> = {}): VolumeUser => ({
  id: "1",
  name: "editor",
  state: "running",
  writes: true,
  removedOnStop: false,
  ...changes,
});

test("writers are those that run and may write", () => {
  const users = [
    user({ name: "writes" }),
    user({ name: "paused", state: "paused" }),
    user({ name: "restarts", state: "restarting" }),
    user({ name: "reads", writes: false }),
    user({ name: "stopped", state: "exited" }),
    user({ name: "new", state: "created" }),
  ];
  expect(activeWriters(place({ users })).map(({ name }) => name)).toEqual([
    "writes",
    "paused",
    "restarts",
  ]);
});

describe("a source", () => {
  test("may be in use, may be of an environment, and may be nobody's", () => {
    expect(sourceProblems(place({ users: [user()] }))).toEqual([]);
    expect(sourceProblems(place({ stack: "dev", role: "data" }))).toEqual([]);
    expect(sourceProblems(place({ stack: "dev", role: "copy" }))).toEqual([]);
  });

  test.each([
    ["of another role", { role: "tailscale" }, "belongs to the role tailscale"],
    ["of an unknown role", { role: "secrets" }, "belongs to the role secrets"],
    ["with a paused writer", { users: [user({ state: "paused" })] }, "is paused"],
    ["with a writer that stopping removes", { users: [user({ removedOnStop: true })] }, "(--rm)"],
    [
      "that is a folder of the host",
      { driverOptions: { type: "none", o: "bind", device: "/etc" } },
      "is the folder /etc of the host",
    ],
    [
      "that is such a folder with other options",
      { driverOptions: { o: "ro,rbind", device: "/" } },
      "is the folder / of the host",
    ],
  ])("%s is refused", (_, changes, message) => {
    const problems = sourceProblems(place(changes as Partial<PlaceFacts>));
    expect(problems).toEqual([expect.stringContaining(message)]);
  });

  test("on another file system is a volume like any", () => {
    expect(sourceProblems(place({ driverOptions: { type: "tmpfs", o: "size=1g" } }))).toEqual([]);
  });
});

describe("a target", () => {
  test("that nobody uses is free", () => {
    expect(targetProblems(place({ users: [user({ state: "exited" })] }))).toEqual([]);
  });

  test("that somebody uses, if only to read, is refused with the name", () => {
    const users = [user(), user({ name: "reader", writes: false })];
    expect(targetProblems(place({ users }))).toEqual([
      "the volume a is in use by editor; stop that first",
      "the volume a is in use by reader; stop that first",
    ]);
  });
});

describe("a pair", () => {
  const apart = { acrossEnvironments: false };

  test("of two volumes is fine, within one environment, from or to nobody", () => {
    const [dev, dev2] = [place({ stack: "dev" }), place({ at: "b", stack: "dev" })];
    expect(pairProblems(dev, dev2, apart)).toEqual([]);
    expect(pairProblems(place(), dev2, apart)).toEqual([]);
    expect(pairProblems(dev, place({ at: "b" }), apart)).toEqual([]);
  });

  test("of the same volume or folder is refused", () => {
    expect(pairProblems(place(), place(), apart)).toEqual([
      "source and target are the same: the volume a",
    ]);
  });

  test.each([
    ["/srv/a", "/srv/a/b"],
    ["/srv/a/b", "/srv/a"],
  ])("of folders one in the other is refused: %s, %s", (from, to) => {
    const folder = (at: string) => place({ kind: "directory", at });
    expect(pairProblems(folder(from), folder(to), apart)).toEqual([
      `one of the folders ${from} and ${to} lies in the other`,
    ]);
    expect(pairProblems(folder("/srv/a"), folder("/srv/ab"), apart)).toEqual([]);
  });

  test("of two environments needs the flag; a name's beginning is no environment", () => {
    const [dev, other] = [place({ stack: "dev" }), place({ at: "b", stack: "dev2" })];
    expect(pairProblems(dev, other, apart)).toEqual([expect.stringContaining("--across-env")]);
    expect(pairProblems(dev, other, { acrossEnvironments: true })).toEqual([]);
  });
});
