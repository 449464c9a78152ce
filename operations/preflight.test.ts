import { describe, expect, it } from "vitest";
import { environmentArgs } from "../test/support/environments";
import { gatewayAddress } from "./preflight";

describe("gatewayAddress", () => {
  it("is loopback unless the environment names another", () => {
    const { config } = environmentArgs();
    expect(gatewayAddress(config)).toBe("127.0.0.1");
    const access = { tier: "full", port: 8445, bindAddress: "192.168.1.5" };
    expect(gatewayAddress(environmentArgs({ access }).config)).toBe("192.168.1.5");
  });
});
