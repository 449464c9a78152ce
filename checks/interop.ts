import type { ContainerRole, Declaration, DeclaredContainer } from "./declaredContainers";
import type { Answered } from "./reachability";
import { HOST } from "./reachabilityCells";

/** Who has to get on with whom, in which ways, and how much of it does. */

/** Columns of the matrix, in their order. */
export const WAYS = ["name", "tcp", "http", "websocket", "tls", "version", "data"] as const;
export type Way = (typeof WAYS)[number];

/** `operator`: this program, on its machine; `docker`: the engine. */
export type Party = ContainerRole | "operator" | "docker";

export interface DeclaredPair {
  readonly from: Party;
  readonly to: Party;
  /** What both have to be able to do. TLS counts where the environment's tier has it. */
  readonly ways: readonly Way[];
}

/**
 * Every pair that has something to say to each other; an entry for each.
 *
 * Whoever is on one network but in no entry reaches a closed door: nothing is served to them.
 */
export const DECLARED_PAIRS: readonly DeclaredPair[] = [
  { from: "operator", to: "docker", ways: ["tcp", "http", "version"] },
  { from: "operator", to: "gateway", ways: ["tcp", "http", "websocket", "tls", "version"] },
  { from: "operator", to: "code-server", ways: ["data"] },
  { from: "gateway", to: "code-server", ways: ["name", "tcp", "http", "websocket", "version"] },
  // From a terminal of the editor, as from a browser.
  { from: "code-server", to: "gateway", ways: ["name", "tcp", "http", "tls"] },
  { from: "code-server", to: "code-server", ways: ["name", "tcp", "http"] },
  { from: "code-server", to: "claude", ways: ["data"] },
  { from: "claude", to: "code-server", ways: ["name", "tcp", "http"] },
  { from: "claude", to: "gateway", ways: ["name", "tcp", "http", "tls"] },
  { from: "tailscale", to: "gateway", ways: ["name", "tcp", "http", "tls"] },
];

/** One thing that one pair has to be able to do. */
export interface InteropTask {
  readonly stack: string;
  /** Names of containers, `operator` or `docker`. */
  readonly from: string;
  readonly to: string;
  readonly parties: readonly [Party, Party];
  readonly way: Way;
}

export interface InteropCheck extends InteropTask {
  readonly passed: boolean;
  /** What was seen, in one line. */
  readonly evidence: string;
}

/** A pair that has nothing to say to each other. */
export interface UndeclaredPair {
  readonly from: string;
  readonly to: string;
  /** How often one was tried to reach the other. */
  readonly probes: number;
  /** What was open, or failed as a probe; empty as it should be. */
  readonly problems: readonly string[];
}

export interface Interop {
  readonly checks: readonly InteropCheck[];
  readonly undeclared: readonly UndeclaredPair[];
}

/** All that the declared containers of one environment have to be able to do. */
export function tasksOf({ stack, containers, door }: Declaration): InteropTask[] {
  const members = (party: Party): readonly string[] =>
    party === "operator" || party === "docker"
      ? [party]
      : containers.filter(({ role }) => role === party).map(({ name }) => name);
  return DECLARED_PAIRS.flatMap(({ from, to, ways }) =>
    members(from).flatMap((source) =>
      members(to)
        .filter((target) => target !== source)
        .flatMap((target) =>
          ways
            .filter((way) => way !== "tls" || door.tls)
            .filter((way) => way !== "data" || from === "operator" || isMate(source, target))
            .map((way) => ({ stack, from: source, to: target, parties: [from, to] as const, way })),
        ),
    ),
  );
}

/** Each editor shares its files with the Claude Code that has its number. */
function isMate(source: string, target: string): boolean {
  const number = (name: string) => name.slice(name.lastIndexOf("-") + 1);
  return number(source) === number(target);
}

/**
 * What the reachability proof says about the pairs of containers that are not declared.
 *
 * Nothing of a container without a common network may be reached, and no service of one with such.
 */
export function undeclaredPairs(
  declarations: readonly Declaration[],
  answered: readonly Answered[],
): UndeclaredPair[] {
  const all = declarations.flatMap(({ containers }) => containers);
  const groups = new Map<string, Answered[]>();
  for (const one of answered) {
    const key = `${one.cell.from} ${one.cell.to}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups].flatMap(([key, group]) => {
    const [from, to] = key.split(" ") as [string, string];
    // The host reaches whatever it carries, and that is no matter of pairs.
    if (from === to || [from, to].includes(HOST)) return [];
    const [one, other] = [from, to].map((name) => all.find((container) => container.name === name));
    if (isDeclared(one, other)) return [];
    const areNeighbours = one?.networks.some((network) => other?.networks.includes(network));
    const asked = group.filter(({ cell }) => !areNeighbours || cell.ask === "nothing");
    const problems = asked.flatMap(({ cell, result, problem }) => {
      const isBad = problem !== undefined || (areNeighbours && result.outcome === "OPEN");
      const place = `${cell.via} ${cell.target}, ${cell.protocol} ${cell.port}`;
      return isBad ? [`${place}: ${problem ?? result.outcome}`] : [];
    });
    return [{ from, to, probes: asked.length, problems }];
  });
}

function isDeclared(
  from: DeclaredContainer | undefined,
  to: DeclaredContainer | undefined,
): boolean {
  if (from === undefined || to === undefined || from.stack !== to.stack) return false;
  return DECLARED_PAIRS.some((pair) => pair.from === from.role && pair.to === to.role);
}

export interface InteropScore {
  readonly passed: number;
  readonly total: number;
  /** One decimal, rounded down: 100 only when all of it passed. */
  readonly percent: number;
}

/** How much works: each way of each declared pair counts once, and so does each undeclared pair. */
export function scoreOf({ checks, undeclared }: Interop): InteropScore {
  const total = checks.length + undeclared.length;
  const passed =
    checks.filter((check) => check.passed).length +
    undeclared.filter(({ problems }) => problems.length === 0).length;
  return { passed, total, percent: total === 0 ? 0 : Math.floor((1000 * passed) / total) / 10 };
}
