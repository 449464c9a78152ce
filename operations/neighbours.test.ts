import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatCidr } from "../checks/cidr";
import { neighbourStacks } from "./neighbours";
import type { Project } from "./project";

let project: Project;
const put = (stack: string, text: string) =>
  writeFileSync(join(project.root, `Pulumi.${stack}.yaml`), text);

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "doom-neighbours-"));
  project = { root, name: "doom-coding", stateFolder: join(root, ".state") };
});
afterEach(() => rmSync(project.root, { recursive: true }));

describe("neighbourStacks", () => {
  it("reads what the other stack files claim", () => {
    put("dev", "");
    put(
      "prod",
      "config:\n  doom-coding:environment:\n    access: {tier: full, port: 8445, bindAddress: 192.168.1.5}\n    network: {cidr: 10.87.2.0/24}\n    resources: {storage: 10GiB}\n",
    );
    const [prod, ...more] = neighbourStacks(project, "dev");
    expect(more).toEqual([]);
    expect(prod).toMatchObject({
      stack: "prod",
      port: 8445,
      address: "192.168.1.5",
      storageMebibytes: 10240,
    });
    expect(prod?.cidr && formatCidr(prod.cidr)).toBe("10.87.2.0/24");
  });

  it.each([
    ["nothing", ""],
    [
      "values of other kinds",
      "config: {doom-coding:environment: {access: 1, network: {cidr: 7}, resources: {storage: 2}}}",
    ],
    ["null", "config: {doom-coding:environment: {access: null}}"],
  ])("claims nothing for %s", (_name, text) => {
    put("prod", text);
    expect(neighbourStacks(project, "dev")).toEqual([
      {
        stack: "prod",
        port: undefined,
        address: "127.0.0.1",
        cidr: undefined,
        storageMebibytes: undefined,
      },
    ]);
  });

  it("passes over a file that cannot be parsed: its own up says so", () => {
    put("prod", "config: [\n");
    expect(neighbourStacks(project, "dev")).toEqual([]);
  });
});
