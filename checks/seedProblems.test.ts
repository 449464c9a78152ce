import { describe, expect, test } from "vitest";
import { seedProblems } from "./seedProblems";

describe("the volume that an editor gets its first data from", () => {
  const volume = (name: string, labels: Record<string, string> = {}) => ({ name, labels });
  const seeds = (name: string, acrossEnvironments = false) => ({
    "code-server-2": { volume: name, acrossEnvironments },
  });
  const AT = "seed.code-server-2 in Pulumi.dev.yaml";

  test("may be nobody's or the environment's own", () => {
    const own = volume("old", { "doom.stack": "dev", "doom.role": "data" });
    expect(seedProblems("dev", seeds("old"), [volume("old")])).toEqual([]);
    expect(seedProblems("dev", seeds("old"), [own])).toEqual([]);
  });

  test("has to be there, until the editor has its data", () => {
    const other = [volume("doom-dev-data-1"), volume("older")];
    expect(seedProblems("dev", seeds("old"), other)).toEqual([
      `${AT}: there is no volume old on the Docker host; docker volume ls shows what there is`,
    ]);
    expect(seedProblems("dev", seeds("old"), [...other, volume("doom-dev-data-2")])).toEqual([]);
  });

  test("of another environment needs the flag; a name's beginning is no environment", () => {
    const foreign = [volume("old", { "doom.stack": "dev2", "doom.role": "data" })];
    expect(seedProblems("dev", seeds("old"), foreign)).toEqual([
      `${AT}: the volume old belongs to dev2 and the volume doom-dev-data-2 to dev; if its data may go there, add --across-environments (in a seed: acrossEnvironments: true)`,
    ]);
    expect(seedProblems("dev", seeds("old", true), foreign)).toEqual([]);
  });

  test("may not hold keys, flag or not", () => {
    const keys = [volume("old", { "doom.stack": "dev2", "doom.role": "tailscale" })];
    expect(seedProblems("dev", seeds("old", true), keys)).toEqual([
      expect.stringContaining("belongs to the role tailscale"),
    ]);
  });
});
