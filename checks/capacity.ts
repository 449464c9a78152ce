import { type Cidr, formatCidr, size } from "./cidr";
import { formatBytes } from "./disk";

/** Whether an environment fits on the Docker host beside all others that are there. */

/** What one environment may take, as its limits and sizes say. */
export interface Claim {
  readonly stack: string;
  readonly memoryMebibytes: number;
  readonly cpus: number;
  readonly storageMebibytes: number;
}

/** What the host has. */
export interface HostCapacity {
  readonly memoryMebibytes: number;
  readonly cpus: number;
  /** Of the disk with Docker's folder; undefined when that is on another machine. */
  readonly storageMebibytes: number | undefined;
}

/** How many times over the host's resources may be promised; 1 promises what is there. */
export interface Overcommit {
  readonly memory: number;
  readonly cpus: number;
  readonly storage: number;
}

/** One resource of the host, and who may take how much of it; memory and storage in MiB. */
export interface CapacityFigure {
  readonly resource: keyof Overcommit;
  readonly host: number;
  readonly factor: number;
  readonly claimed: number;
  /** Those that claim any, the one that is looked at first. */
  readonly claims: readonly { readonly stack: string; readonly amount: number }[];
}

/** Adds up what `own` and all others may take, resource by resource. */
export function capacityFigures(
  own: Claim,
  others: readonly Claim[],
  host: HostCapacity,
  overcommit: Overcommit,
): CapacityFigure[] {
  const figure = (
    resource: keyof Overcommit,
    available: number,
    amountOf: (claim: Claim) => number,
  ): CapacityFigure => {
    const claims = [own, ...others].map((claim) => ({
      stack: claim.stack,
      amount: amountOf(claim),
    }));
    return {
      resource,
      host: available,
      factor: overcommit[resource],
      claimed: claims.reduce((sum, { amount }) => sum + amount, 0),
      claims: claims.filter(({ amount }) => amount > 0),
    };
  };
  return [
    figure("memory", host.memoryMebibytes, (claim) => claim.memoryMebibytes),
    figure("cpus", host.cpus, (claim) => claim.cpus),
    ...(host.storageMebibytes === undefined
      ? []
      : [figure("storage", host.storageMebibytes, (claim) => claim.storageMebibytes)]),
  ];
}

const MEBIBYTE = 1024 ** 2;

function amountText(resource: keyof Overcommit, amount: number): string {
  return resource === "cpus" ? `${Number(amount.toFixed(2))}` : formatBytes(amount * MEBIBYTE);
}

const WORDS: Readonly<Record<keyof Overcommit, string>> = {
  memory: "memory",
  cpus: "CPUs",
  storage: "storage",
};

/** How many of the other claims a message names; the largest. */
const SHOWN = 5;

function claimsText({ resource, claims }: CapacityFigure, stack: string): string {
  const own = claims.filter((claim) => claim.stack === stack);
  const others = claims
    .filter((claim) => claim.stack !== stack)
    .sort((a, b) => b.amount - a.amount);
  const more = others.length - SHOWN;
  return [
    ...[...own, ...others.slice(0, SHOWN)].map(
      (claim) => `${claim.stack} ${amountText(resource, claim.amount)}`,
    ),
    ...(more > 0 ? [`${more} more`] : []),
  ].join(", ");
}

/** One line for each resource that is promised more often than allowed, with the numbers and the fix. */
export function capacityProblems(stack: string, figures: readonly CapacityFigure[]): string[] {
  return figures
    .filter(({ claimed, host, factor }) => claimed > host * factor)
    .map((figure) => {
      const { resource, host, factor, claimed } = figure;
      const show = (amount: number) => amountText(resource, amount);
      // Rounded up: a factor just below would be refused again.
      const needed = Math.ceil((claimed / host) * 100) / 100;
      return `not enough ${WORDS[resource]}: ${show(claimed)} would be promised, the host has ${show(host)}, and capacity.overcommit.${resource} ${factor} allows ${show(host * factor)} (${claimsText(figure, stack)}); lower resources.${resource} or instances in Pulumi.${stack}.yaml, take another environment down, or allow it there with capacity.overcommit.${resource}: ${needed}`;
    });
}

/** The figures in one line: `memory 4.0 GiB of 23.4 GiB, CPUs 5 of 2 (32 allowed), …`. */
export function describeCapacity(figures: readonly CapacityFigure[]): string {
  return figures
    .map(({ resource, claimed, host, factor }) => {
      const allowed = factor === 1 ? "" : ` (${amountText(resource, host * factor)} allowed)`;
      return `${WORDS[resource]} ${amountText(resource, claimed)} of ${amountText(resource, host)}${allowed}`;
    })
    .join(", ");
}

/** Docker itself refuses a container with more CPUs than the host has, but only when the rest is there already. */
export function cpuProblems(stack: string, cpus: number, hostCpus: number): string[] {
  if (cpus <= hostCpus) return [];
  return [
    `resources.cpus is ${cpus}, but the Docker host has ${hostCpus}; set it to ${hostCpus} or less in Pulumi.${stack}.yaml`,
  ];
}

/** The memory of a running container, MiB. */
export interface MemoryInUse {
  readonly container: string;
  /** What cannot be given back: without the cache of files. */
  readonly used: number;
  /** What it is to be limited to. */
  readonly wanted: number;
}

/**
 * The memory of a container that cannot be given back, in bytes: all of it without the cache of files.
 *
 * `counters` as the engine gives them: of control groups of version 1, where `total_` counts the groups below too,
 * or of version 2.
 */
export function unreclaimable(
  usage: number,
  counters: Readonly<Record<string, number | undefined>>,
): number {
  const of = (name: string) => counters[`total_${name}`] ?? counters[name] ?? 0;
  return usage - of("inactive_file") - of("active_file");
}

/** A limit below what is in use is refused by control groups of version 1; those of version 2 end processes for it. */
export function memoryInUseProblems(stack: string, containers: readonly MemoryInUse[]): string[] {
  return containers
    .filter(({ used, wanted }) => used >= wanted)
    .map(
      ({ container, used, wanted }) =>
        `${container} uses ${Math.ceil(used)} MiB now, which a limit of ${wanted} MiB would end; end something in it, stop it (docker stop ${container}), or set resources.memory in Pulumi.${stack}.yaml higher`,
    );
}

/** The network's own address, its gateway's and the broadcast address. */
const RESERVED_ADDRESSES = 3;

/** Whether all containers of an environment find an address on one of its networks, which are equal parts of its range. */
export function addressProblems(
  stack: string,
  range: Cidr,
  networks: number,
  containers: number,
): string[] {
  const room = size(range) / networks - RESERVED_ADDRESSES;
  if (containers <= room) return [];
  return [
    `network.cidr ${formatCidr(range)} gives each network room for ${room} containers, and there are ${containers}; take a larger range in Pulumi.${stack}.yaml`,
  ];
}

/** Before an upgrade of data of that size: one copy to go back to and one to rehearse on, beside the data itself. */
export function copyProblem(folder: string, freeBytes: number, bytes: number): string | undefined {
  const needed = 2 * bytes;
  if (needed <= freeBytes) return undefined;
  return `not enough disk in ${folder} for the copies of an upgrade: ${formatBytes(freeBytes)} free, ${formatBytes(needed)} needed (the data twice, ${formatBytes(bytes)} each); free some (docker system df shows what Docker holds)`;
}
