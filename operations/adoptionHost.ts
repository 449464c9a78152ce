import type Docker from "dockerode";
import { type Cidr, firstFree, formatCidr, parseCidrLoosely } from "../checks/cidr";
import { addressesCollide, foreignPublisher } from "../checks/ports";
import { rangesOfNetworks } from "../checks/subnets";
import { unflatten } from "../config/flatSettings";
import type { KeyReport } from "../config/migrations/report";
import { type EnvironmentConfig, parseEnvironment } from "../config/schema";
import type { OldSetup } from "./adoptionFind";
import { dockerFacts, isDockerLocal } from "./dockerHost";
import { Failure } from "./failure";
import type { MigrationContext } from "./migrationContainer";
import { neighbourStacks } from "./neighbours";
import { portState } from "./portOwner";
import { gatewayAddress } from "./preflight";
import type { Project } from "./project";
import type { StackMigration } from "./stackMigration";

/** How a new environment finds its place on a host where the old setup goes on. */

const PORT = "access.port";
const RANGE = "network.cidr";

/**
 * Gives the stack's new file an address range that no Docker network has, and a port that is free: `port`,
 * or else the `.env`'s or the next one above it. The migration's document is changed, and its report.
 *
 * A stack's file that is there keeps what it says; throws a {@link Failure} when that is not `port`, or when
 * `port` is taken; a ConfigError when it is none.
 */
export async function fitToHost(
  { project, docker }: MigrationContext,
  setup: OldSetup,
  migration: StackMigration,
  port: number | undefined,
): Promise<StackMigration> {
  const { stack, before, plan } = migration;
  const { document } = plan;
  if (before !== undefined) {
    if (port === undefined || document.settings.get(PORT) === port) return migration;
    throw new Failure("usage", `--port ${port}: Pulumi.${stack}.yaml says another one already.`, {
      fix: `leave --port out, or set ${PORT} in Pulumi.${stack}.yaml`,
    });
  }
  const set = (key: string, value: unknown) =>
    document.setSettings(document.settings.set(key, value), new Map());
  set(RANGE, await freeRange(project, stack, String(document.settings.get(RANGE))));
  if (port !== undefined) set(PORT, port);
  const environment = environmentOf(migration);
  const holder = await portHolders(
    project,
    stack,
    gatewayAddress(environment),
    await portsOf(docker, setup),
  );
  const choice = await choosePort(environment, holder, port !== undefined);
  set(PORT, choice.port);
  const reason = port === undefined ? choice.reason : `--port says ${port}`;
  const keys = plan.keys.map((report) => withChoices(report, document.settings, reason));
  return { ...migration, plan: { ...plan, keys } };
}

/** The environment that a migration leads to. Throws a ConfigError when it could not be used. */
export function environmentOf({ plan }: StackMigration): EnvironmentConfig {
  return parseEnvironment(unflatten(plan.document.settings));
}

async function freeRange(project: Project, stack: string, proposed: string): Promise<string> {
  const wanted = parseCidrLoosely(proposed) as Cidr;
  const { networks } = await dockerFacts();
  const taken = [
    ...rangesOfNetworks(networks, stack).map(({ cidr }) => cidr),
    ...neighbourStacks(project, stack).flatMap(({ cidr }) => cidr ?? []),
  ];
  return formatCidr(firstFree(wanted, taken) ?? wanted);
}

/** The report on a key, when its setting was chosen to fit the host; `reason` is why the port was. */
function withChoices(
  report: KeyReport,
  settings: ReadonlyMap<string, unknown>,
  reason: string | undefined,
): KeyReport {
  if (report.outcome === "renamed" && report.to === PORT && reason !== undefined)
    return { outcome: "notCarried", key: report.key, reason };
  if (report.outcome !== "added" || ![PORT, RANGE].includes(report.key)) return report;
  const value = settings.get(report.key);
  return { ...report, value, ...(report.key === PORT && reason !== undefined ? { reason } : {}) };
}

/** Says who has a port, or is to have it; undefined for a free one. */
type PortHolder = (port: number) => Promise<string | undefined>;

/** The configured port when it is free. Another one only when nobody has asked for just this one. */
async function choosePort(
  environment: EnvironmentConfig,
  holder: PortHolder,
  isAsked: boolean,
): Promise<{ readonly port: number; readonly reason?: string }> {
  const { port } = environment.access;
  const owner = await holder(port);
  if (owner === undefined) return { port };
  let free = port + 1;
  while (free <= MAX_PORT && (await holder(free)) !== undefined) free += 1;
  if (!isAsked && free <= MAX_PORT) return { port: free, reason: `${port} is that of ${owner}` };
  const address = gatewayAddress(environment);
  throw new Failure("preflight", `Port ${port} of ${address} is taken by ${owner}.`, {
    fix: `leave --port out to get a free one, or name one${free <= MAX_PORT ? `: --port ${free} is free` : ""}`,
  });
}

const MAX_PORT = 65535;

async function portHolders(
  project: Project,
  stack: string,
  address: string,
  old: readonly { readonly name: string; readonly port: number }[],
): Promise<PortHolder> {
  const { published } = await dockerFacts();
  const neighbours = neighbourStacks(project, stack).filter((other) =>
    addressesCollide(other.address, address),
  );
  return async (port) => {
    const container =
      foreignPublisher(published, { stack, address, port })?.container ??
      old.find((one) => one.port === port)?.name;
    if (container !== undefined) return `the container ${container}`;
    const neighbour = neighbours.find((other) => other.port === port);
    if (neighbour !== undefined) return `the stack ${neighbour.stack}`;
    if (!isDockerLocal()) return undefined;
    const state = await portState(address, port);
    if (state.kind === "free") return undefined;
    return state.kind === "taken" && state.owner ? state.owner : "another process";
  };
}

/** The ports that the old containers publish when they run: they are to be able to, beside the new one. */
async function portsOf(docker: Docker, { parts }: OldSetup) {
  const all = await Promise.all(
    Object.values(parts).map(async ({ id, name }) => {
      const { HostConfig } = await docker.getContainer(id).inspect();
      const bindings = Object.values(HostConfig.PortBindings ?? {}) as { HostPort?: string }[][];
      return bindings.flat().map(({ HostPort }) => ({ name, port: Number(HostPort) }));
    }),
  );
  return all.flat();
}
