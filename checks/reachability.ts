import type { Declaration } from "./declaredContainers";
import { type Cell, HOST, type Station } from "./reachabilityCells";
import type { SharedThing } from "./sharedThings";

/** What the answers to all questions of a reachability proof come to. */

export const OUTCOMES = ["OPEN", "REFUSED", "TIMEOUT", "DNS", "ERROR"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What came of one probe; see images/tools/lib/reach.mjs. */
export interface ProbeResult {
  readonly outcome: Outcome;
  readonly detail?: string;
  readonly who?: string;
  readonly resolved?: readonly string[];
}

/** One question with its answer. */
export interface Answered {
  readonly cell: Cell;
  readonly result: ProbeResult;
  /** Why it is not as declared; absent where it is. */
  readonly problem?: string;
}

/** All cells from one station to another. */
export interface Pair {
  readonly from: string;
  readonly to: string;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly asDeclared: boolean;
}

/** The proof that a target can be reached at all, without which "closed" says nothing. */
export interface Control {
  /** `doom-dev-gateway 10.87.0.2 tcp`. */
  readonly target: string;
  /** Who reached it: another container of its environment where one may, else the host. */
  readonly by?: string;
}

export interface Reachability {
  /** Every cell with its answer. */
  readonly answered: readonly Answered[];
  readonly pairs: readonly Pair[];
  readonly counts: Readonly<Record<Outcome, number>>;
  /** All cells that are not as declared, or failed as probes. */
  readonly problems: readonly Answered[];
  readonly controls: readonly Control[];
  /** What the declaration leaves open and is: `host: port 22 open to doom-dev-gateway`. */
  readonly exposures: readonly string[];
  /** Containers that are declared and do not run. */
  readonly missing: readonly string[];
  readonly shared: readonly SharedThing[];
}

export interface Evidence {
  readonly stations: readonly Station[];
  readonly declarations: readonly Declaration[];
  readonly cells: readonly Cell[];
  /** One for each cell, in their order. */
  readonly results: readonly ProbeResult[];
  readonly shared: readonly SharedThing[];
}

/** Judges all cells. Throws where an answer is missing: a table with holes proves nothing. */
export function judge(evidence: Evidence): Reachability {
  const { stations, declarations, cells, results, shared } = evidence;
  if (cells.length !== results.length) {
    throw new Error(`${cells.length} probes gave ${results.length} results`);
  }
  const answered = cells.map((cell, index) => {
    const result = results[index] as ProbeResult;
    const problem = problemOf(cell, result, stations);
    return { cell, result, ...(problem === undefined ? {} : { problem }) };
  });
  const running = new Set(stations.map(({ name }) => name));
  return {
    answered,
    pairs: pairsOf(answered),
    counts: countsOf(answered),
    problems: answered.filter(({ problem }) => problem !== undefined),
    controls: controlsOf(answered, stations),
    exposures: exposuresOf(answered),
    missing: declarations
      .flatMap(({ containers }) => containers.map(({ name }) => name))
      .filter((name) => !running.has(name)),
    shared,
  };
}

/** Whether all is as declared, and everything was asked of something that answers. */
export function isProven({ problems, controls, missing, shared }: Reachability): boolean {
  const hasControls = controls.every(({ by }) => by !== undefined);
  return problems.length === 0 && hasControls && missing.length === 0 && shared.length === 0;
}

function problemOf(
  { expected, identity, via, to }: Cell,
  { outcome, detail, who, resolved }: ProbeResult,
  stations: readonly Station[],
): string | undefined {
  if (outcome === "ERROR") return `the probe failed: ${detail ?? "without a reason"}`;
  if (expected === "any") return undefined;
  if (expected === "open") {
    if (outcome !== "OPEN") return `${outcome}${detail ? ` (${detail})` : ""}, declared open`;
    const isRight = identity === undefined || (who ?? "").split(" ").includes(identity);
    return isRight ? undefined : `answered by ${nameOf(who, stations)} and not by ${to}`;
  }
  if (via === "name") {
    if (outcome === "DNS") return undefined;
    const own = stations.find(({ name }) => name === to)?.addresses ?? [];
    // Some name servers have an answer to everything; that it is no address of ours is as good as none.
    if (!own.some(({ address }) => resolved?.includes(address))) return undefined;
    return `${outcome}, and the name is known there; declared unknown`;
  }
  return outcome === "OPEN" ? `OPEN, declared closed${answeredBy(who, stations)}` : undefined;
}

function answeredBy(who: string | undefined, stations: readonly Station[]): string {
  return who ? ` (answered by ${nameOf(who, stations)})` : "";
}

function nameOf(who: string | undefined, stations: readonly Station[]): string {
  if (!who) return "somebody without a name";
  return stations.find(({ identity }) => identity === who)?.name ?? JSON.stringify(who);
}

function countsOf(answered: readonly Answered[]): Record<Outcome, number> {
  const counts = { OPEN: 0, REFUSED: 0, TIMEOUT: 0, DNS: 0, ERROR: 0 };
  for (const { result } of answered) counts[result.outcome] += 1;
  return counts;
}

function pairsOf(answered: readonly Answered[]): Pair[] {
  const groups = new Map<string, Answered[]>();
  for (const one of answered) {
    const key = `${one.cell.from} ${one.cell.to}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()].map((group) => ({
    from: (group[0] as Answered).cell.from,
    to: (group[0] as Answered).cell.to,
    counts: countsOf(group),
    asDeclared: group.every(({ problem }) => problem === undefined),
  }));
}

/** For each address and protocol of a container, and for each declared door. */
function controlsOf(answered: readonly Answered[], stations: readonly Station[]): Control[] {
  const stackOf = new Map(stations.map(({ name, stack }) => [name, stack]));
  const controls = new Map<string, string | undefined>();
  for (const { cell, result, problem } of answered) {
    const { from, to, via, target, protocol, identity, expected, port } = cell;
    const isAddress = via === "address" && identity !== undefined && from !== to;
    const isDoor = via === "published port" && identity !== undefined && expected === "open";
    if (!isAddress && !isDoor) continue;
    const key = `${to} ${target}${isDoor ? `:${port}` : ""} ${protocol}`;
    const isOwn = stackOf.get(to) !== undefined && stackOf.get(from) === stackOf.get(to);
    const isReached = result.outcome === "OPEN" && problem === undefined;
    const by = isReached && (isOwn || from === HOST) ? from : undefined;
    const known = controls.get(key);
    controls.set(key, known === undefined || (known === HOST && by !== undefined) ? by : known);
  }
  return [...controls].map(([target, by]) => ({ target, ...(by === undefined ? {} : { by }) }));
}

function exposuresOf(answered: readonly Answered[]): string[] {
  const open = answered.filter(
    ({ cell, result }) =>
      cell.expected === "any" && cell.via !== "address" && result.outcome === "OPEN",
  );
  const reached = new Map<string, Set<string>>();
  for (const { cell } of open) {
    const { via, to, target, port, from } = cell;
    const place =
      via === "host service" ? `port ${port} of the host` : `${to} at ${target}:${port}`;
    reached.set(place, (reached.get(place) ?? new Set()).add(from));
  }
  return [...reached].map(([place, from]) => `${place} is open to ${[...from].sort().join(", ")}`);
}
