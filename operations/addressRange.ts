import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { type Cidr, parseCidrLoosely } from "../checks/cidr";
import {
  type DockerNetworkFacts,
  freeRangeAdvice,
  type InterfaceAddress,
  ownRangeProblems,
  rangesOfInterfaces,
  rangesOfNetworks,
  rangesOfRoutes,
  subnetProblems,
  type UsedRange,
} from "../checks/subnets";
import type { EnvironmentConfig } from "../config/schema";
import { dockerFacts, isDockerLocal } from "./dockerHost";
import { errorCode, Failure } from "./failure";
import { type NeighbourStack, neighbourStacks } from "./neighbours";
import type { Project } from "./project";

/** Who else uses the addresses of an environment on this host, before an `up` and after one that Docker refused. */

export interface RangeClaim {
  readonly stack: string;
  readonly environment: Pick<EnvironmentConfig, "network">;
  readonly networks: readonly DockerNetworkFacts[];
  readonly neighbours: readonly NeighbourStack[];
}

/** One line with its fix for each thing that already uses part of the environment's range. */
export function rangeProblems(claim: RangeClaim): string[] {
  const { stack, environment, networks, neighbours } = claim;
  const wanted = parseCidrLoosely(environment.network.cidr) as Cidr;
  const used: UsedRange[] = [
    ...neighbours.flatMap(({ cidr, stack: name }) =>
      cidr ? [{ cidr, usedBy: `the stack ${name}` }] : [],
    ),
    ...rangesOfNetworks(networks, stack),
    ...(isDockerLocal()
      ? [...rangesOfInterfaces(interfaceAddresses()), ...rangesOfRoutes(readRoutes())]
      : []),
  ];
  const advice = freeRangeAdvice(stack, wanted, used);
  return [
    ...subnetProblems(wanted, used).map((problem) => `${problem}; ${advice}`),
    ...ownRangeProblems(stack, wanted, networks),
  ];
}

/** The addresses of this host's interfaces. */
export function interfaceAddresses(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([device, addresses]) =>
    (addresses ?? []).flatMap(({ cidr }) => (cidr ? [{ device, cidr }] : [])),
  );
}

function readRoutes(): string {
  try {
    return readFileSync("/proc/net/route", "utf8");
  } catch (error) {
    // Other systems than Linux: their interfaces are checked all the same.
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}

/** What libnetwork's address management says, in all versions (`ipamapi.ErrPoolOverlap`). */
const OVERLAP = /pool overlaps with other one on this address space/i;

/** Whether Docker has refused a network because somebody else has its addresses. */
export function isOverlap(problem: string): boolean {
  return OVERLAP.test(problem);
}

/** Whose addresses were refused. */
export interface RefusedRange {
  readonly project: Project;
  readonly stack: string;
  readonly environment: Pick<EnvironmentConfig, "network">;
}

/**
 * Who has the addresses that Docker has refused: somebody may take them between the preflight and the creation.
 *
 * One line each, with its fix. It is asked for after the fact, so that they may have gone again.
 */
export async function overlapProblems({
  project,
  stack,
  environment,
}: RefusedRange): Promise<string[]> {
  const { networks } = await dockerFacts();
  const neighbours = neighbourStacks(project, stack);
  return describeOverlap({ stack, environment, networks, neighbours });
}

/** {@link overlapProblems}, of what is known already. */
export function describeOverlap(claim: RangeClaim): string[] {
  const problems = rangeProblems(claim);
  if (problems.length > 0) return problems;
  const { stack, environment } = claim;
  return [
    `Docker had addresses of ${environment.network.cidr} in use, and no network of its list (docker network ls) has them any more; run it again, and if it stays so, restart Docker or set network.cidr in Pulumi.${stack}.yaml to another range`,
  ];
}

/** The same failure; where Docker has refused addresses, with who has them in place of Docker's words. */
export async function explainOverlap(error: unknown, refused: RefusedRange): Promise<unknown> {
  if (!(error instanceof Failure) || !error.problems.some(isOverlap)) return error;
  const others = error.problems.filter((problem) => !isOverlap(problem));
  const problems = [...(await overlapProblems(refused)), ...others];
  const { kind, summary, fix } = error;
  return new Failure(kind, summary, { problems, ...(fix === undefined ? {} : { fix }) });
}
