import { describe, expect, it } from "vitest";
import type { Step } from "../updateProgress";
import { describeKept } from "./verifyKept";

const ROOT = "urn:pulumi:dev::doom-coding::doom-coding:index:Environment";
const GATEWAY: Step = {
  urn: `${ROOT}$doom-coding:index:Gateway$docker:index/container:Container::environment-gateway-container`,
  operation: "replace",
  type: "Container",
  name: "doom-dev-gateway",
  because: ["image", "uploads"],
};
const CHECK: Step = {
  urn: `${ROOT}$doom-coding:index:ConfigMigration$command:local:Command::environment-configuration-check`,
  operation: "replace",
  type: "Command",
  name: "environment-configuration-check",
  because: ["triggers"],
};

const found = (stack: string, steps: Step[], fileChanged = false) => ({
  stack,
  steps,
  fileChanged,
});

describe("what is said of stacks that nobody changed", () => {
  it("is that they stay as they are", () => {
    const outcome = describeKept([found("dev", []), found("prod", [CHECK])]);
    expect(outcome.text).toBe(
      "dev stays as it is.\nprod stays as it is; only its checks would look again.",
    );
    expect(outcome.exitCode).toBeUndefined();
    expect(outcome.data).toMatchObject({
      kept: true,
      environments: [
        { stack: "dev", kept: true, unexpected: [], checks: [] },
        { stack: "prod", kept: true, unexpected: [], checks: [{ name: CHECK.name }] },
      ],
    });
  });

  it("names what would change, how and why, and has an exit code of its own", () => {
    const outcome = describeKept([found("prod", []), found("dev", [CHECK, GATEWAY])]);
    expect(outcome.text.split("\n")).toEqual([
      "prod stays as it is.",
      "dev would not stay as it is. An up would:",
      "  ± replace  Container  doom-dev-gateway  (image, uploads)",
    ]);
    expect(outcome.exitCode).toBe(15);
    expect(outcome.data).toMatchObject({
      kept: false,
      environments: [{ kept: true }, { kept: false, unexpected: [GATEWAY] }],
    });
  });

  it("says when the file was edited, which may be the reason", () => {
    const { text, data } = describeKept([found("dev", [GATEWAY], true)]);
    expect(text).toContain("note: Pulumi.dev.yaml was changed since dev was last up");
    expect(data).toMatchObject({ environments: [{ fileChanged: true }] });
  });
});
