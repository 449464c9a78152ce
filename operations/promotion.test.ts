import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolders } from "../test/support/scratch";
import type { Project } from "./project";
import { bundleOf } from "./promotion";
import { recordFolder } from "./snapshotPlaces";

const scratch = scratchFolders();
const IMAGE = `sha256:${"1".repeat(64)}`;

function projectWith(drills: Readonly<Record<string, readonly string[]>>): Project {
  const root = scratch();
  const project = { root, name: "doom-coding", stateFolder: join(root, ".state") };
  for (const stack of ["dev", "staging"]) {
    const file = `config:\n  doom-coding:environment:\n    timeZone: UTC\n    logLevel: debug\n`;
    writeFileSync(join(root, `Pulumi.${stack}.yaml`), file);
  }
  for (const [stack, times] of Object.entries(drills)) {
    const folder = join(recordFolder(project, stack), "drills");
    mkdirSync(folder, { recursive: true });
    for (const startedAt of times) {
      const drill = { startedAt, result: "restored and equal", snapshot: { id: "1" } };
      writeFileSync(join(folder, `${startedAt}.json`), JSON.stringify(drill));
    }
  }
  return project;
}

const bundle = (project: Project) =>
  bundleOf(project, {
    to: "staging",
    terms: { from: "dev", soakMinutes: 5, approvals: [] },
    runners: [{ role: "code-server", image: IMAGE }],
    verdicts: { policies: "passed", isolation: "proven" },
  });

test("a bundle says what it has no evidence of, and travels without what is dev's own", () => {
  expect(bundle(projectWith({}))).toEqual({
    bundle: 1,
    from: "dev",
    to: "staging",
    images: { "code-server": IMAGE },
    settings: { timeZone: "UTC", "image.reference": IMAGE },
    secrets: [],
    verdicts: { policies: "passed", isolation: "proven" },
    soakMinutes: 5,
    upgrade: "none",
    drill: "none",
  });
});

const drillOf = (stack: string, at: string) => ({ stack, at, result: "restored and equal" });
test.each([
  [
    "the source's, the last one",
    { dev: ["2026-01", "2026-02"], staging: ["2026-03"] },
    drillOf("dev", "2026-02"),
  ],
  [
    "the target's where the source has none",
    { staging: ["2026-03"] },
    drillOf("staging", "2026-03"),
  ],
])("the drill is %s", (_, drills, wanted) => {
  expect(bundle(projectWith(drills)).drill).toEqual(wanted);
});
