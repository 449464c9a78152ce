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
import { show } from "./secretShapes";

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
              ? `is ${show(name)}, which is no name of the environment ${stack}`
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

interface GivenLabels {
  readonly known: ReadonlyMap<string, string>;
  /** What is not known of them, or there twice. */
  readonly found: readonly Finding[];
  /** Whether a label of this name may be there, for all that is known. */
  mayHave(name: string): boolean;
}

function readLabels(given: Named["labels"]): GivenLabels {
  const found = new Map<string, string>();
  if (given === UNKNOWN)
    return { known: found, found: [{ undecided: "labels" }], mayHave: () => true };
  const undecided: Finding[] = [];
  const twice: Finding[] = [];
  const open = new Set<string>();
  let anyName = false;
  (given ?? []).forEach((entry, index) => {
    if (entry === UNKNOWN || entry.label === UNKNOWN) {
      anyName = true;
      undecided.push({ undecided: `labels[${index}]` });
    } else if (entry.value === UNKNOWN) {
      open.add(entry.label);
      undecided.push({ undecided: `labels[${index}].value` });
    } else if (found.has(entry.label)) {
      const problem = "is there twice, so that either may count";
      twice.push({ at: `labels["${entry.label}"]`, problem, fix: "remove one" });
    } else found.set(entry.label, entry.value);
  });
  return {
    known: found,
    found: [...twice, ...undecided],
    mayHave: (name) => anyName || open.has(name),
  };
}

const FIX = "use dockerLabels of config/names";

/**
 * Everything carries the labels by which it is found again, and they say what its name says.
 *
 * Backups, verification and clean-up look for labels: what lacks them is neither saved nor removed.
 */
export function labels(thing: Named, { stack }: Context): readonly Finding[] {
  const given = readLabels(thing.labels);
  const missing = (name: string): readonly Finding[] =>
    given.mayHave(name) ? [] : [{ at: `labels["${name}"]`, problem: "is missing", fix: FIX }];
  const wanted = [
    ["doom.stack", stack],
    ["doom.schema", LABEL_SCHEMA],
  ] as const;
  const fixed = wanted.flatMap(([name, value]) => {
    const found = given.known.get(name);
    if (found === undefined) return missing(name);
    if (found === value) return [];
    const problem = `is ${show(found)}, not ${show(value)}`;
    return [{ at: `labels["${name}"]`, problem, fix: FIX }];
  });
  const role = given.known.get("doom.role");
  const instance = given.known.get("doom.instance");
  if (role === undefined) return [...fixed, ...missing("doom.role"), ...given.found];
  const place =
    instance === undefined && given.mayHave("doom.instance")
      ? []
      : agrees(thing, stack, role, instance);
  return [...fixed, ...place, ...given.found];
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
            problem: `is ${show(role)}, which with doom.instance does not make the name`,
            fix: `${FIX} with the role and number of the name`,
          },
        ];
  });
}
