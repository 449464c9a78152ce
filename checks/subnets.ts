import {
  type Cidr,
  firstFree,
  formatCidr,
  overlaps,
  parseCidrLoosely,
  split,
  TAILNET_RANGE,
} from "./cidr";

/** Whether an environment's address range is free on this host. */

/** A range that is in use, and by what, as a message names it. */
export interface UsedRange {
  readonly cidr: Cidr;
  readonly usedBy: string;
}

/** A Docker network, as `GET /networks` lists it. */
export interface DockerNetworkFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly subnets: readonly string[];
}

/** An address of a host interface, as `os.networkInterfaces()` gives it. */
export interface InterfaceAddress {
  readonly device: string;
  readonly cidr: string;
}

/**
 * The devices that Docker makes itself: their ranges are known from its list of networks, where
 * this environment's own ones can be told from others.
 */
const DOCKER_DEVICE = /^(docker\d*|br-[0-9a-f]{12}|veth[0-9a-f]+|docker_gwbridge)$/;

/** The ranges of Docker's networks except those of `stack`. */
export function rangesOfNetworks(
  networks: readonly DockerNetworkFacts[],
  stack: string,
): UsedRange[] {
  return networks
    .filter((network) => network.labels["doom.stack"] !== stack)
    .flatMap((network) => toRanges(network.subnets, `the Docker network ${network.name}`));
}

/** The ranges of the host's own interfaces. */
export function rangesOfInterfaces(addresses: readonly InterfaceAddress[]): UsedRange[] {
  return addresses
    .filter(({ device }) => !DOCKER_DEVICE.test(device))
    .flatMap(({ device, cidr }) => toRanges([cidr], `the host's interface ${device}`));
}

/** The ranges that the host routes elsewhere: `/proc/net/route` (proc(5)), without default routes. */
export function rangesOfRoutes(text: string): UsedRange[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length >= 8 && !DOCKER_DEVICE.test(fields[0] as string))
    .map((fields) => {
      const [device, destination, , , , , , mask] = fields as string[];
      const prefix = countBits(littleEndian(mask as string));
      return {
        cidr: { base: littleEndian(destination as string), prefix },
        usedBy: `a route of the host through ${device}`,
      };
    })
    .filter(({ cidr }) => cidr.prefix > 0);
}

/** The kernel prints IPv4 addresses as one hexadecimal number in the host's byte order. */
function littleEndian(hex: string): number {
  const bytes = (hex.match(/../g) ?? []).reverse();
  return Number.parseInt(bytes.join(""), 16);
}

function countBits(mask: number): number {
  return mask.toString(2).replaceAll("0", "").length;
}

function toRanges(texts: readonly string[], usedBy: string): UsedRange[] {
  return texts.flatMap((text) => {
    const cidr = parseCidrLoosely(text);
    // IPv6 cannot collide with an IPv4 range.
    return cidr ? [{ cidr: withoutHostBits(cidr), usedBy }] : [];
  });
}

function withoutHostBits({ base, prefix }: Cidr): Cidr {
  const size = 2 ** (32 - prefix);
  return { base: base - (base % size), prefix };
}

/**
 * One line for each thing that already uses part of `wanted`.
 *
 * An interface and its route say the same; the first to name a range is the one reported.
 */
export function subnetProblems(wanted: Cidr, used: readonly UsedRange[]): string[] {
  const problems = new Map<string, string>();
  if (overlaps(wanted, TAILNET_RANGE)) {
    problems.set("tailnet", `${formatCidr(wanted)} overlaps 100.64.0.0/10, Tailscale's addresses`);
  }
  for (const { cidr, usedBy } of used) {
    const range = formatCidr(cidr);
    if (overlaps(wanted, cidr) && !problems.has(range)) {
      problems.set(range, `${formatCidr(wanted)} overlaps ${range}, used by ${usedBy}`);
    }
  }
  return [...problems.values()];
}

/** Who has which part of an environment's range, in their order; see components/environment.ts. */
const PARTS = ["internal", "edge", "egress", "rehearsal"];

/**
 * Why a running environment cannot go over to another range that shares addresses with its present one: each network
 * is replaced by itself, and the new one of one of them would meet the old one of another. Empty when it can.
 */
export function ownRangeProblems(
  stack: string,
  wanted: Cidr,
  networks: readonly DockerNetworkFacts[],
): string[] {
  const parts = split(wanted, Math.log2(PARTS.length));
  const inTheWay = networks
    .filter(({ labels }) => labels["doom.stack"] === stack)
    .flatMap(({ name, labels, subnets }) =>
      toRanges(subnets, name).filter(({ cidr }) =>
        parts.some((part, at) => PARTS[at] !== labels["doom.role"] && overlaps(part, cidr)),
      ),
    );
  return inTheWay
    .slice(0, 1)
    .map(
      ({ cidr, usedBy }) =>
        `${formatCidr(wanted)} overlaps ${formatCidr(cidr)}, which its own network ${usedBy} has until it is replaced; run npx doom down ${stack} first (files and passwords stay), or set network.cidr in Pulumi.${stack}.yaml to a range that shares no address with the present one`,
    );
}

/**
 * What to set instead of a range that is taken: the next one of its size that nothing uses.
 *
 * Docker's own pools hold about 31 networks; an environment brings its ranges along and uses none of them.
 */
export function freeRangeAdvice(stack: string, wanted: Cidr, used: readonly UsedRange[]): string {
  const free = firstFree(
    wanted,
    used.map(({ cidr }) => cidr),
  );
  const where = `network.cidr in Pulumi.${stack}.yaml`;
  return free === undefined
    ? `from there on no range of this size is free in its private network (RFC 1918): set ${where} to a lower or a smaller one, or take down what is not needed`
    : `set ${where} to a free range, such as ${formatCidr(free)}`;
}
