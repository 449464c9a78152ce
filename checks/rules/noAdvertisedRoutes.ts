import { overlaps, PRIVATE_RANGES, parseCidrLoosely } from "../cidr";
import { unknownLines, variablesOf } from "./environmentLines";
import type { ContainerInputs, Finding } from "./facts";
import { show } from "./secretShapes";

const FLAG = /--advertise-(routes|exit-node)\b/;

/**
 * A tailnet node routes nobody into an environment's networks.
 *
 * Environments take their addresses from the private ranges (RFC 1918), so a route to any of those
 * may lead past the gateway, which asks for the login.
 */
export function noAdvertisedRoutes(container: ContainerInputs): readonly Finding[] {
  const found = variablesOf(container).flatMap(({ name, value, at }) => {
    if (name === "TS_EXTRA_ARGS" && FLAG.test(value))
      return [{ at, problem: "advertises routes by hand", fix: "remove the flag" }];
    if (name !== "TS_ROUTES") return [];
    return value
      .split(",")
      .map((route) => route.trim())
      .filter((route) => route !== "" && reachesEnvironments(route))
      .map((route) => ({
        at,
        problem: `routes ${show(route)}, where environments have their addresses`,
        fix: "remove it",
      }));
  });
  return [...found, ...unknownLines(container)];
}

/** A route that cannot be read may lead anywhere; one of IPv6 leads nowhere, since no environment has it. */
function reachesEnvironments(route: string): boolean {
  const cidr = parseCidrLoosely(route);
  if (cidr === undefined) return !/^[0-9a-f:]+\/\d+$/i.test(route) || route.startsWith("::/");
  return PRIVATE_RANGES.some((range) => overlaps(range, cidr));
}
