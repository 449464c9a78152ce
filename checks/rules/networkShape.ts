import { contains, formatCidr, hasHostBits, PRIVATE_RANGES, parseCidrLoosely } from "../cidr";
import { each, type Finding, known, type NetworkInputs, UNKNOWN, type Unknown } from "./facts";
import { show } from "./secretShapes";

/** Options of the bridge driver that open nothing, with the values that do not. */
const HARMLESS: Readonly<Record<string, RegExp>> = {
  "com.docker.network.bridge.enable_icc": /^(true|false)$/,
  "com.docker.network.bridge.enable_ip_masquerade": /^(true|false)$/,
  "com.docker.network.bridge.gateway_mode_ipv4": /^(nat|isolated)$/,
  "com.docker.network.bridge.host_binding_ipv4": /^127(\.\d{1,3}){3}$/,
  "com.docker.network.bridge.name": /^(?!docker0$)[\w.-]{1,15}$/,
  "com.docker.network.driver.mtu": /^\d{3,5}$/,
};

/**
 * A network is a bridge of IPv4 with a range that it names, closed to routes and to foreign containers.
 *
 * `routed` and `nat-unprotected` gateways let the outside reach every port of a container; an
 * attachable network lets anybody's container join; ranges that Docker chooses collide sooner or later.
 */
export function networkShape(network: NetworkInputs): readonly Finding[] {
  return [
    ...known(network.driver, "driver", (driver) =>
      driver === undefined || driver === "" || driver === "bridge"
        ? []
        : [
            {
              at: "driver",
              problem: `is ${show(driver)}, which the host's isolation does not cover`,
              fix: "set it to bridge",
            },
          ],
    ),
    ...(["ipv6", "attachable", "ingress"] as const).flatMap((at) =>
      known(network[at], at, (value) =>
        value ? [{ at, problem: OPENINGS[at], fix: "set it to false" }] : [],
      ),
    ),
    ...optionProblems(network),
    ...rangeProblems(network),
  ];
}

const OPENINGS = {
  ipv6: "gives containers addresses that no rule of the host's IPv4 firewall covers",
  attachable: "lets any container of the host join by hand",
  ingress: "makes it the swarm's network for published ports",
} as const;

function optionProblems(network: NetworkInputs): readonly Finding[] {
  return known(network.options, "options", (options) =>
    Object.entries(options ?? {}).flatMap(([key, value]) => {
      const at = `options[${show(key)}]`;
      const allowed = Object.hasOwn(HARMLESS, key) ? HARMLESS[key] : undefined;
      const problem = "can open the network, or is an option that no rule knows how to judge";
      if (allowed === undefined) return [{ at, problem, fix: "remove it" }];
      return known(value, at, (text) =>
        allowed.test(text) ? [] : [{ at, problem, fix: "remove it" }],
      );
    }),
  );
}

function rangeProblems(network: NetworkInputs): readonly Finding[] {
  const at = "ipamConfigs";
  const fix = "set one private IPv4 subnet, such as 10.87.0.0/26";
  if (network.ipamConfigs === undefined || isEmpty(network.ipamConfigs))
    return [{ at, problem: "names no subnet, so that Docker takes one of its own", fix }];
  return each(network.ipamConfigs, at, ({ subnet }, where) =>
    known(subnet, `${where}.subnet`, (text) => {
      const problem = text === undefined ? "is not set" : subnetProblem(text);
      return problem === undefined ? [] : [{ at: `${where}.subnet`, problem, fix }];
    }),
  );
}

function isEmpty(list: readonly unknown[] | Unknown): boolean {
  return list !== UNKNOWN && list.length === 0;
}

function subnetProblem(text: string): string | undefined {
  const cidr = parseCidrLoosely(text);
  if (cidr === undefined) return `is ${show(text)}, which is no IPv4 range`;
  if (hasHostBits(cidr)) return `is ${text}, whose host bits are set`;
  if (!PRIVATE_RANGES.some((range) => contains(range, cidr)))
    return `is ${formatCidr(cidr)}, which is not private (RFC 1918)`;
  return undefined;
}
