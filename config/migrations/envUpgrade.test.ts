import { describe, expect, test } from "vitest";
import { addToEnvFile } from "../envAdditions";
import { upgradeEnv } from "./envUpgrade";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("the newest form of an .env", () => {
  const OLD =
    "# mine\nCODE_SERVER_PASSWORD=old-password\n\nPUID=1001 # me\nPGID=1002\nTZ=Asia/Tokyo";

  test("has what was there as it was, and the rest at its end", () => {
    const { text, steps, keys } = upgradeEnv({ name: ".env", bytes: bytes(OLD) });
    const reason = "# what the installer's compose files put in for it";
    expect(text).toBe(`${OLD}

${reason}
WORKSPACE_PATH=./workspace

${reason}
TS_ACCEPT_DNS=false

${reason}
TS_EXTRA_ARGS=--advertise-tags=tag:doom-coding

${reason}
CODE_SERVER_PORT=8443
`);
    expect(steps.map(({ step: { from, to } }) => [from, to])).toEqual([
      ["env 2", "env 3"],
      ["env 3", "env 4"],
    ]);
    const kept = keys.filter(({ outcome }) => outcome === "kept").map(({ key }) => key);
    expect(kept).toEqual(["PUID", "PGID", "TZ", "CODE_SERVER_PASSWORD"]);
  });

  test("has the line ends that the file has", () => {
    const old = `${OLD.replaceAll("\n", "\r\n")}\r\n`;
    const { text } = upgradeEnv({ name: ".env", bytes: bytes(old) });
    expect(text.startsWith(old)).toBe(true);
    expect(text.replaceAll("\r\n", "")).not.toContain("\n");
  });
});

test("a setting that would need quotes is a defect", () => {
  const addition = { name: "A", value: "b c", reason: "test" };
  expect(() => addToEnvFile("", [addition])).toThrow("the value for A needs quotes");
});
