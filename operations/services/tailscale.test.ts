import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { scratchFolders } from "../../test/support/scratch";
import { tailscale } from "./tailscale";

/** Not proven here: that tailscaled writes this form; test/stack/tailnet.test.ts goes over and back with it. */

const scratch = scratchFolders();
const run = async ([program = "", ...args]: readonly string[]) =>
  (await promisify(execFile)(program, args)).stdout;
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");

test.each([
  ["nobody before the first login", {}, []],
  ["nobody after logging out", { _profiles: base64(null) }, []],
  [
    "the node that it is",
    {
      "_current-profile": base64("profile-f50a"),
      _machinekey: base64("privkey:canary"),
      _profiles: base64({ f50a: { ID: "f50a", NodeID: "2", ControlURL: "https://headscale" } }),
    },
    ["2"],
  ],
])("in the state it finds %s, and no key", async (_title, state, expected) => {
  const root = scratch();
  writeFileSync(path.join(root, "tailscaled.state"), JSON.stringify(state));
  expect(await tailscale.inventory(root, run)).toEqual(expected);
});

test("a state that is missing or damaged is an error, not a node without a past", async () => {
  const root = scratch();
  await expect(tailscale.inventory(root, run)).rejects.toThrow("ENOENT");
  writeFileSync(path.join(root, "tailscaled.state"), "{");
  await expect(tailscale.inventory(root, run)).rejects.toThrow("JSON");
});
