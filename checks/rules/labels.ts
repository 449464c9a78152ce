import { dockerName, LABEL_SCHEMA, type Role } from "../../config/names";
import {
  type ContainerInputs,
  type Context,
  type Finding,
  known,
  type NetworkInputs,
  UNKNOWN,
  type VolumeInputs,
} from "./facts";
import { allowedNames, CONTAINER_ROLES, NETWORK_ROLES, roleOfOwn, VOLUME_ROLES } from "./names";

type Named = Pick<ContainerInputs, "name" | "labels"> | Pick<NetworkInputs, "name" | "labels">;

/**
 * A thing on the Docker host has a name of its environment, by the project's own function.
 *
 * Docker adopts a volume or a network that exists under the name (moby#16068): a stack that names
 * another's volume gets its data, and deletes it when it goes.
 */
function ownName(thing: Named, stack: string, roles: readonly Role[]): readonly Finding[] {
  return known(thing.name, "name", (name) =>
    name !== undefined && roleOfOwn(name, stack, roles) !== undefined
      ? []
      : [
          {
            at: "name",
            problem: name
              ? `is ${JSON.stringify(name)}, which is no name of the environment ${stack}`
              : "is not set, so that the name says nothing of the environment",
            fix: `use ${allowedNames(stack, roles)}, with -N for one of several`,
          },
        ],
  );
}

export function ownNameOfContainer(container: ContainerInputs, { stack }: Context) {
  return ownName(container, stack, CONTAINER_ROLES);
}
export function ownNameOfNetwork(network: NetworkInputs, { stack }: Context) {
  return ownName(network, stack, NETWORK_ROLES);
}
export function ownNameOfVolume(volume: VolumeInputs, { stack }: Context) {
  return ownName(volume, stack, VOLUME_ROLES);
}

/** The labels that are known, and where one is not. */
function readLabels(thing: Named): { labels: Map<string, string>; undecided: Finding[] } {
  const labels = new Map<string, string>();
  const undecided: Finding[] = [];
  const given = thing.labels;
  if (given === UNKNOWN) return { labels, undecided: [{ undecided: "labels" }] };
  (given ?? []).forEach((entry, index) => {
    if (entry === UNKNOWN || entry.label === UNKNOWN)
      undecided.push({ undecided: `labels[${index}]` });
    else if (entry.value === UNKNOWN) undecided.push({ undecided: `labels[${index}].value` });
    else labels.set(entry.label, entry.value);
  });
  return { labels, undecided };
}

/**
 * Everything carries the labels by which it is found again, and they say what its name says.
 *
 * Backups, verification and clean-up look for labels: what lacks them is neither saved nor removed.
 */
export function labels(thing: Named, { stack }: Context): readonly Finding[] {
  const { labels: given, undecided } = readLabels(thing);
  const wanted = new Map([
    ["doom.stack", stack],
    ["doom.schema", LABEL_SCHEMA],
  ]);
  const missing = (key: string): readonly Finding[] =>
    undecided.length > 0
      ? []
      : [
          {
            at: `labels["${key}"]`,
            problem: "is missing",
            fix: "use dockerLabels of config/names",
          },
        ];
  const fixed = [...wanted].flatMap(([key, value]) => {
    const found = given.get(key);
    if (found === undefined) return missing(key);
    if (found === value) return [];
    return [
      {
        at: `labels["${key}"]`,
        problem: `is ${JSON.stringify(found)}, not ${JSON.stringify(value)}`,
        fix: "use dockerLabels of config/names",
      },
    ];
  });
  const role = given.get("doom.role");
  if (role === undefined) return [...fixed, ...missing("doom.role"), ...undecided];
  return [...fixed, ...agrees(thing, stack, role, given.get("doom.instance")), ...undecided];
}

/** Whether role and instance are those of the name. */
function agrees(
  thing: Named,
  stack: string,
  role: string,
  instance: string | undefined,
): readonly Finding[] {
  return known(thing.name, "name", (name) => {
    const index = instance === undefined ? undefined : Number(instance);
    return name === dockerName(stack, role as Role, index)
      ? []
      : [
          {
            at: 'labels["doom.role"]',
            problem: `is ${JSON.stringify(role)}, which with doom.instance does not make the name`,
            fix: "use dockerLabels of config/names with the role and number of the name",
          },
        ];
  });
}
