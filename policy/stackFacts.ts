import type { PolicyResource } from "@pulumi/policy";
import {
  COMMAND,
  CONTAINER,
  type CommandInputs,
  type ContainerInputs,
  NETWORK,
  type NetworkInputs,
  type Producer,
  UNKNOWN,
} from "../checks/rules/facts";
import type { StackFacts } from "./rules/rule";

/** A resource with the inputs that the program gave it. */
export interface Observed {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** What of a resource the engine tells only at the end of a run. */
export type Placed = Pick<PolicyResource, "urn" | "type" | "parent" | "propertyDependencies">;

/** The type of resources whose inputs rules about the whole stack look at. */
export const OBSERVED_TYPES: readonly string[] = [CONTAINER, NETWORK, COMMAND];

const PROCESS_LIMITS = "doom-coding:index:ContainerLimits";

/**
 * The stack, put together from the inputs of its resources and from what depends on what.
 *
 * Inputs and not the outputs that the engine hands over at the end: those are what a provider makes
 * of them, and unknown as a whole where one entry is.
 */
export function factsOf(
  observed: ReadonlyMap<string, Observed>,
  placed: readonly Placed[],
): Pick<StackFacts, "containers" | "networks"> {
  const present = placed.flatMap(({ urn }) => {
    const resource = observed.get(urn);
    return resource ? [{ urn, ...resource }] : [];
  });
  return {
    containers: present
      .filter(({ type }) => type === CONTAINER)
      .map(({ urn, name, inputs }) => ({
        name,
        inputs: inputs as ContainerInputs,
        processLimits: processLimitsOf(urn, observed, placed),
      })),
    networks: present
      .filter(({ type }) => type === NETWORK)
      .map(({ name, inputs }) => ({ name, inputs: inputs as NetworkInputs })),
  };
}

/** What the commands of every `ContainerLimits` set that takes the container's ID. */
function processLimitsOf(
  container: string,
  observed: ReadonlyMap<string, Observed>,
  placed: readonly Placed[],
) {
  return placed
    .filter(({ type, parent }) => type === COMMAND && parent?.type === PROCESS_LIMITS)
    .filter(({ propertyDependencies }) =>
      (propertyDependencies.environment ?? []).some(({ urn }) => urn === container),
    )
    .map(({ urn }) => {
      const inputs = observed.get(urn)?.inputs as CommandInputs | undefined;
      const environment = inputs?.environment;
      return environment === UNKNOWN ? UNKNOWN : environment?.DOOM_PROCESS_LIMIT;
    });
}

/** The resources whose outputs went into a property; undefined when the resource is not there. */
export function producersOf(
  urn: string,
  property: string,
  placed: readonly Placed[],
): Producer[] | undefined {
  const resource = placed.find((candidate) => candidate.urn === urn);
  return resource?.propertyDependencies[property]?.map(({ type, parent }) => ({
    type,
    ...(parent === undefined ? {} : { parentType: parent.type }),
  }));
}
