import { describe, expect, it } from "vitest";
import { judgeKept } from "./keptStack";

const ROOT = "urn:pulumi:dev::doom-coding::doom-coding:index:Environment";
const CONFIGURATION = `${ROOT}$doom-coding:index:ConfigMigration$command:local:Command::environment-configuration-check`;
const VERIFICATION = `${ROOT}$doom-coding:index:Verification$command:local:Command::environment-verification-verify`;
const GATEWAY = `${ROOT}$doom-coding:index:Gateway$docker:index/container:Container::environment-gateway-container`;

const unexpected = (urn: string, operation: string) =>
  judgeKept([{ urn, operation }]).unexpected.map((change) => change.urn);

describe("a stack that nobody changed", () => {
  it("stays as it is when nothing would change", () => {
    expect(judgeKept([])).toEqual({ unexpected: [], checks: [] });
  });

  it.each(["create", "update", "replace", "delete"])("may not %s a container", (operation) => {
    expect(unexpected(GATEWAY, operation)).toEqual([GATEWAY]);
  });

  it.each([
    [CONFIGURATION, "replace"],
    [CONFIGURATION, "update"],
    [VERIFICATION, "replace"],
  ])("may look again with %s (%s)", (urn, operation) => {
    const change = { urn, operation };
    expect(judgeKept([change])).toEqual({ unexpected: [], checks: [change] });
  });

  it.each([
    ["a check that is lost", VERIFICATION, "delete"],
    ["a check that it did not have", CONFIGURATION, "create"],
    ["another command", `${ROOT}$command:local:Command::environment-process-limits-set`, "replace"],
    [
      "a command of a check's name elsewhere",
      `${ROOT}$command:local:Command::environment-verification-verify`,
      "replace",
    ],
    [
      "something else of a check's name",
      VERIFICATION.replace("command:local:Command", "docker:index/volume:Volume"),
      "replace",
    ],
  ])("does not expect %s", (_, urn, operation) => {
    expect(unexpected(urn, operation)).toEqual([urn]);
  });

  it("is judged by all that would change, not by the first", () => {
    const changes = [CONFIGURATION, GATEWAY, VERIFICATION].map((urn) => ({
      urn,
      operation: "replace",
    }));
    expect(judgeKept(changes)).toEqual({
      unexpected: [changes[1]],
      checks: [changes[0], changes[2]],
    });
  });
});
