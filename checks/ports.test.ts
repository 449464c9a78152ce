import { describe, expect, it } from "vitest";
import { addressesCollide, foreignPublisher, heldByOwnGateway, parseListeners } from "./ports";

describe("addressesCollide", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.1", "127.0.0.2", false],
    ["127.0.0.1", "0.0.0.0", true],
    ["::", "127.0.0.1", true],
    ["::ffff:127.0.0.1", "127.0.0.1", true],
    ["::1", "127.0.0.1", false],
    ["", "127.0.0.1", true],
  ])("%s and %s: %s", (a, b, expected) => {
    expect(addressesCollide(a, b)).toBe(expected);
    expect(addressesCollide(b, a)).toBe(expected);
  });
});

describe("publishers of a port", () => {
  const wanted = { stack: "dev", address: "127.0.0.1", port: 8443 };
  const gateway = {
    container: "doom-dev-gateway",
    labels: { "doom.stack": "dev", "doom.role": "gateway" },
    address: "127.0.0.1",
    port: 8443,
  };

  it("takes the stack's own gateway for no obstacle", () => {
    expect(foreignPublisher([gateway], wanted)).toBeUndefined();
    expect(heldByOwnGateway([gateway], wanted)).toBe(true);
  });

  it.each([
    [
      "the gateway of another stack",
      { ...gateway, labels: { "doom.stack": "dev2", "doom.role": "gateway" } },
    ],
    [
      "another role of this stack",
      { ...gateway, labels: { "doom.stack": "dev", "doom.role": "claude" } },
    ],
    ["a container without labels", { ...gateway, labels: {} }],
    ["one that listens everywhere", { ...gateway, labels: {}, address: "0.0.0.0" }],
  ])("names %s", (_name, entry) => {
    expect(foreignPublisher([entry], wanted)).toBe(entry);
    expect(heldByOwnGateway([entry], wanted)).toBe(false);
  });

  it.each([
    ["another port", { ...gateway, labels: {}, port: 8444 }],
    ["another address", { ...gateway, labels: {}, address: "192.168.1.5" }],
  ])("ignores %s", (_name, entry) => {
    expect(foreignPublisher([entry], wanted)).toBeUndefined();
  });
});

describe("parseListeners", () => {
  it("reads the kernel's table of IPv4 sockets and keeps the listening ones", () => {
    const text = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      "   0: 0100007F:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 123456 1 ffff 100 0 0 10 0",
      "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 ffff 100 0 0 10 0",
      "   2: 0100007F:20FB 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 99 1 ffff 20 4 30 10 -1",
      "",
    ].join("\n");
    expect(parseListeners(text)).toEqual([
      { address: "127.0.0.1", port: 8443, inode: "123456" },
      { address: "0.0.0.0", port: 22, inode: "77" },
    ]);
  });

  it("reads the IPv6 table", () => {
    const row = (address: string) =>
      `   0: ${address}:20FB 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 5 1 f 100 0 0 10 0`;
    const text = [
      "header",
      row("00000000000000000000000000000000"),
      row("00000000000000000000000001000000"),
      row("0000000000000000FFFF00000100007F"),
    ].join("\n");
    expect(parseListeners(text).map((listener) => listener.address)).toEqual([
      "::",
      "0:0:0:0:0:0:0:1",
      "::ffff:127.0.0.1",
    ]);
  });

  it("gives nothing for an empty table", () => {
    expect(parseListeners("header\n")).toEqual([]);
  });
});
