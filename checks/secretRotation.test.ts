import { describe, expect, it } from "vitest";
import type { SecretEntry } from "./secretInventory";
import { rotationTargets } from "./secretRotation";

const entry = (name: string, changes: Partial<SecretEntry> = {}): SecretEntry => ({
  name,
  kind: name === "certificate" ? "certificate" : "password",
  source: "generated",
  rotation: 0,
  since: "2026-01-02T03:04:05Z",
  containers: [],
  pending: false,
  ...changes,
});
const mine = entry("code-server-2", { source: "set" });
const all = [entry("code-server-1"), mine, entry("certificate")];

describe("rotationTargets", () => {
  it("are all but what the user set, when none is named", () => {
    expect(rotationTargets("dev", all, [])).toEqual({ rotate: [all[0], all[2]], skip: [mine] });
  });

  it("are the named ones", () => {
    expect(rotationTargets("dev", all, ["certificate"])).toEqual({ rotate: [all[2]], skip: [] });
  });

  it.each([
    [
      "an unknown name",
      all,
      ["code-server-1", "passwort"],
      'dev has no secret "passwort".',
      "its secrets are code-server-1, code-server-2, certificate",
    ],
    [
      "one that the user set",
      all,
      ["code-server-1", "code-server-2"],
      "The password code-server-2 of dev was set by you: a generated one would replace it without a word.",
      "set another one: npx doom secrets set dev code-server-2; or go back to generated ones: npx doom secrets unset dev code-server-2",
    ],
    [
      "nothing but what the user set",
      [mine],
      [],
      "The password code-server-2 of dev was set by you: a generated one would replace it without a word.",
      "set another one: npx doom secrets set dev code-server-2; or go back to generated ones: npx doom secrets unset dev code-server-2",
    ],
    [
      "one that was not made yet",
      [{ ...entry("code-server-1"), since: undefined } as unknown as SecretEntry],
      [],
      "The secret code-server-1 of dev was not made yet.",
      "npx doom up dev",
    ],
  ])("are refused for %s", (_what, entries, names, problem, fix) => {
    expect(rotationTargets("dev", entries, names)).toEqual({ problem, fix });
  });
});
