import { type Cidr, firstFree, formatCidr, parseCidrLoosely } from "../checks/cidr";
import { addressesCollide, foreignPublisher } from "../checks/ports";
import { rangesOfNetworks } from "../checks/subnets";
import type { KeyReport } from "../config/migrations/report";
import type { EnvironmentConfig } from "../config/schema";
import { dockerFacts } from "./dockerHost";
import { Failure } from "./failure";
import { neighbourStacks } from "./neighbours";
import { portState } from "./portOwner";
import { gatewayAddress, preflight } from "./preflight";
import type { Project } from "./project";
import type { StackMigration } from "./stackMigration";

/** How a new environment finds its place on a host where the old setup goes on. */

const PORT = "access.port";
const RANGE = "network.cidr";

/**
 * The same migration with `port`, and with an address range that no Docker network has.
 *
 * A stack's file that is there keeps what it says; throws a {@link Failure} when that is another port.
 */
export async function fitToHost(
  project: Project,
  migration: StackMigration,
  port: number | undefined,
): Promise<StackMigration> {
  const { stack, before, plan } = migration;
  const { settings } = plan.document;
  if (before !== undefined) {
    if (port === undefined || settings.get(PORT) === port) return migration;
    throw new Failure("usage", `--port ${port}: Pulumi.${stack}.yaml says another one already.`, {
      fix: `leave --port out, or set ${PORT} in Pulumi.${stack}.yaml`,
    });
  }
  const chosen = new Map<string, unknown>([[RANGE, await freeRange(project, stack, settings)]]);
  if (port !== undefined) chosen.set(PORT, port);
  plan.document.setSettings(new Map([...settings, ...chosen]), new Map());
  const keys = plan.keys.map((report) => withChosen(report, chosen));
  return { ...migration, plan: { ...plan, keys } };
}

async function freeRange(
  project: Project,
  stack: string,
  settings: ReadonlyMap<string, unknown>,
): Promise<string> {
  const wanted = parseCidrLoosely(String(settings.get(RANGE))) as Cidr;
  const { networks } = await dockerFacts();
  const taken = [
    ...rangesOfNetworks(networks, stack).map(({ cidr }) => cidr),
    ...neighbourStacks(project, stack).flatMap(({ cidr }) => cidr ?? []),
  ];
  return formatCidr(firstFree(wanted, taken) ?? wanted);
}

function withChosen(report: KeyReport, chosen: ReadonlyMap<string, unknown>): KeyReport {
  const port = chosen.get(PORT);
  if (report.outcome === "renamed" && report.to === PORT && port !== undefined)
    return { outcome: "notCarried", key: report.key, reason: `--port says ${port}` };
  if (report.outcome !== "added" || !chosen.has(report.key)) return report;
  return { ...report, value: chosen.get(report.key) };
}

/** Throws a {@link Failure} unless the host can take the environment beside the old setup. */
export async function requireHost(
  project: Project,
  { stack, before }: StackMigration,
  environment: EnvironmentConfig,
): Promise<void> {
  // What the preflight would have changed is a file that is not there yet.
  if (before === undefined) await requireFreePort(project, stack, environment);
  await preflight({ stack, environment });
}

async function requireFreePort(
  project: Project,
  stack: string,
  environment: EnvironmentConfig,
): Promise<void> {
  const { port } = environment.access;
  const address = gatewayAddress(environment);
  const { published } = await dockerFacts();
  const neighbours = neighbourStacks(project, stack);
  const holder = async (wanted: number): Promise<string | undefined> => {
    const container = foreignPublisher(published, { stack, address, port: wanted })?.container;
    if (container !== undefined) return `the container ${container}`;
    const neighbour = neighbours.find(
      (other) => other.port === wanted && addressesCollide(other.address, address),
    );
    if (neighbour !== undefined) return `the stack ${neighbour.stack}`;
    const state = await portState(address, wanted);
    if (state.kind === "free") return undefined;
    return state.kind === "taken" && state.owner ? state.owner : "another process";
  };
  const owner = await holder(port);
  if (owner === undefined) return;
  let free = port + 1;
  while (free <= MAX_PORT && (await holder(free)) !== undefined) free += 1;
  throw new Failure("preflight", `Port ${port} of ${address} is taken by ${owner}.`, {
    fix: `give the new environment another one (--port ${free} is free); the old setup keeps its own`,
  });
}

const MAX_PORT = 65535;
