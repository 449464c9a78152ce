import { describe, expect, it } from "vitest";
import { environmentArgs } from "../test/support/environments";
import { compareVersions, gatewayAddress } from "./preflight";

describe("compareVersions", () => {
  it.each([
    ["1.41", "1.41", 0],
    ["1.40", "1.41", -1],
    ["1.9", "1.41", -1],
    ["1.50", "1.41", 1],
    ["2.0", "1.41", 1],
  ])("%s against %s has the sign %d", (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});

describe("gatewayAddress", () => {
  it("is loopback unless the environment names another", () => {
    const { config } = environmentArgs();
    expect(gatewayAddress(config)).toBe("127.0.0.1");
    const access = { tier: "full", port: 8445, bindAddress: "192.168.1.5" };
    expect(gatewayAddress(environmentArgs({ access }).config)).toBe("192.168.1.5");
  });
});
