import { type Cidr, formatCidr, overlaps, parseCidrLoosely, TAILNET_RANGE } from "../cidr";
import { each, type Finding, known, type NetworkOfStack } from "./facts";

/**
 * The networks of a stack share no address, with each other or with a tailnet.
 *
 * Ranges of other environments are on the host and not in the stack: `operations/preflight.ts`
 * compares with those before every run.
 */
export function subnetsDisjoint(networks: readonly NetworkOfStack[]): readonly Finding[] {
  const ranges: { at: string; cidr: Cidr }[] = [];
  const undecided = networks.flatMap(({ name, inputs }) =>
    each(inputs.ipamConfigs, `${name}: ipamConfigs`, ({ subnet }, at) =>
      known(subnet, `${at}.subnet`, (text) => {
        const cidr = parseCidrLoosely(text ?? "");
        if (cidr) ranges.push({ at: `${at}.subnet`, cidr });
        return [];
      }),
    ),
  );
  const fix = "give each network a range of its own";
  const collisions = ranges.flatMap(({ at, cidr }, index) => [
    ...(overlaps(cidr, TAILNET_RANGE)
      ? [{ at, problem: `${formatCidr(cidr)} overlaps 100.64.0.0/10, Tailscale's addresses`, fix }]
      : []),
    ...ranges.slice(index + 1).flatMap((other) =>
      overlaps(cidr, other.cidr)
        ? [
            {
              at,
              problem: `${formatCidr(cidr)} overlaps ${other.at} ${formatCidr(other.cidr)}`,
              fix,
            },
          ]
        : [],
    ),
  ]);
  return [...collisions, ...undecided];
}
