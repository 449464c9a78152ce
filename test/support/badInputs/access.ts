import { type BadInput, goodEnvironment, missing, refused, unknown } from "./types";

const PORT = "a TCP port from 1024 to 65535";
const ADDRESS = "one IPv4 address of this host in dotted form, not 0.0.0.0";
const TIER = "one of local, limited, full";
const ACCESS = "a map with tier (one of local, limited, full), port and, for full, bindAddress";
const RANGE =
  "a private IPv4 range (RFC 1918) from /16 to /24 without host bits, such as 10.87.1.0/24";

function value(path: string, allowed: string, given: string, bad: unknown, shown?: string) {
  const got = shown ?? (typeof bad === "string" ? JSON.stringify(bad) : `${bad} (${typeof bad})`);
  return { given, set: [path, bad], problems: refused(path, got, allowed) } satisfies BadInput;
}

const port = (given: string, bad: unknown, shown?: string) =>
  value("access.port", PORT, `port ${given}`, bad, shown);
const address = (given: string, bad: unknown, shown?: string) =>
  value("access.bindAddress", ADDRESS, `bind address ${given}`, bad, shown);
const range = (given: string, bad: unknown, shown?: string) =>
  value("network.cidr", RANGE, `range ${given}`, bad, shown);

export const badPorts: readonly BadInput[] = [
  port("0", 0),
  port("-1", -1),
  port("65536", 65536),
  port("22, which is privileged", 22),
  port("1023", 1023),
  port("80.5", 80.5),
  port("with letters", "8443abc"),
  port("hexadecimal, as text", "0x50"),
  port("as text", "8443"),
  port("with a host part", "127.0.0.1:8443"),
  port("null", null, "null"),
  port("a list", [8443, 8444], "a list of 2"),
  port("a map", { internal: 8443 }, "a map"),
  port("true", true),
  {
    given: "port left out",
    set: ["access.port", undefined],
    problems: missing("access.port", PORT),
  },
];

export const badAddresses: readonly BadInput[] = [
  address("empty", ""),
  address("0.0.0.0", "0.0.0.0"),
  address("::", "::"),
  address("::ffff:0.0.0.0", "::ffff:0.0.0.0"),
  address("::1", "::1"),
  address("localhost", "localhost"),
  address("127.1", "127.1"),
  address("as one number, as text", "2130706433"),
  address("as one number", 2130706433),
  address("with a trailing space", "127.0.0.1 "),
  address("with a trailing newline", "127.0.0.1\n"),
  address("with a leading zero", "127.0.0.01"),
  address("with an octet above 255", "10.0.0.256"),
  address("in 0.0.0.0/8", "0.0.0.1"),
  address("of a multicast group", "224.0.0.1"),
  address("of the broadcast", "255.255.255.255"),
  address("null", null, "null"),
  {
    given: "bind address left out of the tier full",
    set: ["access.bindAddress", undefined],
    problems: missing("access.bindAddress", ADDRESS),
  },
  {
    given: "bind address in the tier local, which has none",
    set: ["access", { tier: "local", port: 8443, bindAddress: "127.0.0.1" }],
    problems: unknown("access.bindAddress"),
  },
  {
    given: "bind address in the tier limited, which has none",
    set: ["access", { tier: "limited", port: 8443, bindAddress: "192.0.2.10" }],
    problems: unknown("access.bindAddress"),
  },
  {
    given: "tier that does not exist",
    set: ["access", { tier: "public", port: 8443 }],
    problems: refused("access.tier", '"public"', TIER),
  },
  {
    given: "tier in upper case",
    set: ["access", { tier: "Local", port: 8443 }],
    problems: refused("access.tier", '"Local"', TIER),
  },
  {
    given: "tier left out",
    set: ["access", { port: 8443 }],
    problems: missing("access.tier", TIER),
  },
  {
    given: "access as text",
    set: ["access", "local"],
    problems: refused("access", '"local"', ACCESS),
  },
  { given: "access left out", set: ["access", undefined], problems: missing("access", ACCESS) },
];

export const badRanges: readonly BadInput[] = [
  range("with host bits", "10.87.0.1/24"),
  range("/31", "10.87.0.0/31"),
  range("/25, too small for four networks", "10.87.0.0/25"),
  range("/15, larger than needed", "10.86.0.0/15"),
  range("/0", "0.0.0.0/0"),
  range("of the tailnet", "100.64.0.0/16"),
  range("of public addresses", "8.8.8.0/24"),
  range("just beyond 172.16.0.0/12", "172.32.0.0/16"),
  range("of loopback", "127.0.0.0/16"),
  range("IPv6", "fd00:87::/64"),
  range("without prefix", "10.87.0.0"),
  range("with a netmask", "10.87.0.0/255.255.255.0"),
  range("with a leading zero", "010.87.0.0/24"),
  range("with an octet above 255", "10.256.0.0/24"),
  range("empty", ""),
  range("null", null, "null"),
  {
    given: "range's gateway, which is not for the user to choose",
    set: ["network.gateway", "10.99.0.1"],
    problems: unknown("network.gateway"),
  },
  {
    given: "egress as one word",
    set: ["network.egress", "code-server"],
    problems: refused(
      "network.egress",
      '"code-server"',
      "a list of code-server, claude, tailscale",
    ),
  },
  {
    given: "egress of the gateway",
    set: ["network.egress", ["claude", "gateway"]],
    problems: refused("network.egress[1]", '"gateway"', "one of code-server, claude, tailscale"),
  },
  {
    given: "a node in a tailnet without a way out",
    keys: {
      "doom-coding:environment": JSON.stringify({
        ...goodEnvironment(),
        network: { cidr: "10.87.0.0/24", egress: ["claude"] },
        tailscale: { enabled: true },
      }),
    },
    problems: refused(
      "network.egress",
      "a list of 1",
      "a list with tailscale, which has to reach its control server",
    ),
  },
];
