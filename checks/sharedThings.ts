/** What containers of different environments have in common on one host, and may not. */

/** A container as far as it can share something. */
export interface SharingContainer {
  readonly id: string;
  readonly name: string;
  /** The environment whose label it carries. */
  readonly stack?: string;
  /** `host`, `none`, `container:ID`, or the name of a network; the same for processes and IPC. */
  readonly networkMode: string;
  readonly pidMode: string;
  readonly ipcMode: string;
  /** Names of its networks. */
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  /** Files and folders of the host. */
  readonly binds: readonly { readonly source: string; readonly fingerprint?: string }[];
}

/** A network or volume with the environment whose label it carries. */
export interface OwnedThing {
  readonly name: string;
  readonly stack?: string;
}

export interface HostThings {
  readonly containers: readonly SharingContainer[];
  readonly networks: readonly OwnedThing[];
  readonly volumes: readonly OwnedThing[];
}

export interface SharedThing {
  readonly kind: "network" | "volume" | "secret" | "host path" | "namespace";
  /** What is shared. */
  readonly thing: string;
  /** Who shares it: environments or containers, two or more. */
  readonly between: readonly string[];
}

/** Who uses something that belongs to an environment. */
interface Use {
  readonly kind: SharedThing["kind"];
  readonly thing: string;
  /** Equal for what is the same. */
  readonly key: string;
  readonly owner: string | undefined;
  readonly container: SharingContainer;
}

/** What containers of `stacks` share with the host, with each other across environments, or with strangers. */
export function sharedThings(
  { containers, networks, volumes }: HostThings,
  stacks: readonly string[],
): SharedThing[] {
  const owners = (things: readonly OwnedThing[]) =>
    new Map(things.map(({ name, stack }) => [name, stack]));
  const [networkOwners, volumeOwners] = [owners(networks), owners(volumes)];
  const uses = containers.flatMap((container) => [
    ...container.networks.map((thing) =>
      use("network", thing, networkOwners.get(thing), container),
    ),
    ...container.volumes.map((thing) => use("volume", thing, volumeOwners.get(thing), container)),
    ...container.binds.flatMap(({ source, fingerprint }) => [
      use("host path", source, undefined, container),
      ...(fingerprint === undefined
        ? []
        : [{ ...use("secret", source, undefined, container), key: `secret ${fingerprint}` }]),
    ]),
  ]);
  return [
    ...containers
      .filter(({ stack }) => stack !== undefined && stacks.includes(stack))
      .flatMap((container) => sharedNamespaces(container, containers)),
    ...acrossEnvironments(uses, stacks),
  ];
}

function use(
  kind: Use["kind"],
  thing: string,
  owner: string | undefined,
  container: SharingContainer,
): Use {
  return { kind, thing, key: `${kind} ${thing}`, owner, container };
}

/** Namespaces that it has in common with the host, or with a container of another environment. */
function sharedNamespaces(
  container: SharingContainer,
  all: readonly SharingContainer[],
): SharedThing[] {
  const { name, stack, networkMode, pidMode, ipcMode } = container;
  const modes = { network: networkMode, process: pidMode, IPC: ipcMode };
  return Object.entries(modes).flatMap(([what, mode]) => {
    const joined = all.find(({ id }) => mode === `container:${id}`);
    const isForeign = joined !== undefined && joined.stack !== stack;
    if (mode !== "host" && !isForeign) return [];
    const between = [name, joined?.name ?? "host"];
    return [{ kind: "namespace" as const, thing: `${what} namespace`, between }];
  });
}

/** Things with users of two environments, or with a user other than of the environment they belong to. */
function acrossEnvironments(uses: readonly Use[], stacks: readonly string[]): SharedThing[] {
  const groups = new Map<string, Use[]>();
  for (const one of uses) groups.set(one.key, [...(groups.get(one.key) ?? []), one]);
  return [...groups.values()].flatMap((group) => {
    const [{ kind, thing, owner }] = group as [Use, ...Use[]];
    const parties = [...new Set([owner, ...group.map(({ container }) => container.stack)])];
    // A thing that is nobody's own, such as Docker's default network or the host's time zone, belongs to its users.
    const named = parties.filter((stack) => stack !== undefined);
    const isOurs = named.some((stack) => stacks.includes(stack));
    const isOwned = owner !== undefined || named.length > 0;
    const others = group.some(({ container }) => container.stack === undefined);
    if (!isOurs || !isOwned || (named.length < 2 && !others)) return [];
    const names = group.map(({ container }) => container.name);
    const between = owner === undefined || !isForeignOnly(group, owner) ? names : [owner, ...names];
    return [{ kind, thing, between: [...new Set(between)].sort() }];
  });
}

/** Whether the environment that a thing belongs to uses it with no container of its own. */
function isForeignOnly(group: readonly Use[], owner: string): boolean {
  return group.every(({ container }) => container.stack !== owner);
}
