import type { Declaration, DeclaredContainer } from "./declaredContainers";
import { addressesCollide } from "./ports";

/** The complete table of who may reach whom, from what is declared and what runs. */

/** The name of the Docker host among the stations. */
export const HOST = "host";

export interface Listener {
  readonly address: string;
  readonly port: number;
}

/** A port of the host that leads to a container. */
export interface Publication extends Listener {
  readonly protocol: string;
}

/** Where probes start and end: a running container, or the host. */
export interface Station {
  /** The container's name on the Docker host, or {@link HOST}. */
  readonly name: string;
  /** The environment whose label it carries; none for the host and for strangers on its networks. */
  readonly stack?: string;
  /** By which names Docker's name server knows it. */
  readonly names: readonly string[];
  /** By the name of each network that it is on: its IPv4 address there, and the host's. */
  readonly networks: Readonly<
    Record<string, { readonly address: string; readonly gateway: string }>
  >;
  /** The addresses that its network namespace has, other than loopback ones. */
  readonly addresses: readonly { readonly address: string; readonly link: string }[];
  /** Its TCP listeners, other than loopback ones and ours. */
  readonly listeners: readonly Listener[];
  /** Where it answers to us with its identity; 0 where it does not, because it has the host's network. */
  readonly ports: { readonly tcp: number; readonly udp: number };
  readonly identity: string;
  readonly published: readonly Publication[];
}

export type Ask = "identity" | "http" | "https" | "nothing";

/** One question: can `from` reach `to` this way? */
export interface Cell {
  readonly from: string;
  readonly to: string;
  readonly via: "address" | "name" | "published port" | "host service";
  /** An address (link-local ones with their link), or a name. */
  readonly target: string;
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly family: 4 | 6;
  readonly ask: Ask;
  /** `any`: not decided by the declaration; stated as exposure where it is open. */
  readonly expected: "open" | "closed" | "any";
  /** What has to answer where it is open; absent where that is not asked. */
  readonly identity?: string;
}

interface Plan {
  readonly stations: readonly Station[];
  readonly declarations: readonly Declaration[];
}

/** Every question about these stations, each of them in both directions and also about itself. */
export function cellsOf(plan: Plan): Cell[] {
  return plan.stations.flatMap((from) =>
    plan.stations.flatMap((to) =>
      to.name === HOST
        ? hostCells(plan, from, to)
        : [...addressCells(plan, from, to), ...nameCells(plan, from, to)],
    ),
  );
}

function declared({ declarations }: Plan, { name, stack }: Station): DeclaredContainer | undefined {
  return declarations
    .find((declaration) => declaration.stack === stack)
    ?.containers.find((container) => container.name === name);
}

/** The networks that the declaration lets both be on; for one and the same, all of its own. */
function commonNetworks(plan: Plan, from: Station, to: Station): string[] {
  if (from.name === to.name) return Object.keys(to.networks);
  const [one, other] = [declared(plan, from), declared(plan, to)];
  return one?.networks.filter((network) => other?.networks.includes(network)) ?? [];
}

/** Its own identity over TCP and UDP at each address, and each port that it listens on or has to. */
function addressCells(plan: Plan, from: Station, to: Station): Cell[] {
  if (to.ports.tcp === 0) return [];
  const common = commonNetworks(plan, from, to).map((network) => to.networks[network]?.address);
  const served = declared(plan, to)?.ports ?? [];
  return to.addresses.flatMap(({ address, link }) => {
    // The host has a route to every container of its own.
    const isOpen = from.name === HOST || common.includes(address);
    const base = { from: from.name, to: to.name, via: "address" as const };
    return targetsAt(from, address, link).flatMap((target) => {
      const family = address.includes(":") ? (6 as const) : (4 as const);
      const at = { ...base, target, family };
      const expected = isOpen && family === 4 ? ("open" as const) : ("closed" as const);
      const identity = { ask: "identity" as const, identity: to.identity, expected };
      const ports = [...new Set([...served, ...to.listeners.map(({ port }) => port)])];
      return [
        { ...at, protocol: "tcp" as const, port: to.ports.tcp, ...identity },
        { ...at, protocol: "udp" as const, port: to.ports.udp, ...identity },
        ...ports.map((port) => ({
          ...at,
          protocol: "tcp" as const,
          port,
          ask: "nothing" as const,
          // What somebody has started in an editor is theirs, and may listen on one address only.
          expected: expected === "open" && !served.includes(port) ? ("any" as const) : expected,
        })),
      ];
    });
  });
}

/** A link-local address is one on each link that the asking side has. */
function targetsAt(from: Station, address: string, link: string): string[] {
  if (!address.startsWith("fe80:")) return [address];
  if (from.addresses.some((own) => own.address === address)) return [`${address}%${link}`];
  const links = new Set(from.addresses.map((own) => own.link));
  return [...links].map((own) => `${address}%${own}`);
}

/** Each of its names, for IPv4 and for IPv6; the host does not ask Docker's name server. */
function nameCells(plan: Plan, from: Station, to: Station): Cell[] {
  if (to.ports.tcp === 0) return [];
  const isKnown = from.name !== HOST && commonNetworks(plan, from, to).length > 0;
  return to.names.flatMap((target) =>
    ([4, 6] as const).map((family) => ({
      from: from.name,
      to: to.name,
      via: "name" as const,
      target,
      family,
      protocol: "tcp" as const,
      port: to.ports.tcp,
      ask: "identity" as const,
      identity: to.identity,
      expected: isKnown && family === 4 ? ("open" as const) : ("closed" as const),
    })),
  );
}

/** Every published port at every address of the host, and what else listens there. */
function hostCells(plan: Plan, from: Station, host: Station): Cell[] {
  const published = publishedCells(plan, from, host);
  return [...published, ...serviceCells(plan, from, host)];
}

function publishedCells(plan: Plan, from: Station, host: Station): Cell[] {
  const doors = publications(plan);
  return doors.flatMap((door) =>
    hostAddresses(from, host).flatMap(({ address, link }) =>
      targetsAt(from, address, link).flatMap((target) => {
        const cell = {
          from: from.name,
          to: door.container,
          via: "published port" as const,
          target,
          port: door.port,
          family: address.includes(":") ? (6 as const) : (4 as const),
        };
        const tcp = { ...cell, protocol: "tcp" as const, ...expectation(from, door, address) };
        const udp = { protocol: "udp" as const, ask: "identity" as const };
        return [tcp, { ...cell, ...udp, expected: "closed" as const }];
      }),
    ),
  );
}

interface Door extends Listener {
  readonly container: string;
  readonly stack: string | undefined;
  readonly isDeclared: boolean;
  readonly tls: boolean;
}

/** What is declared to be published, and what is published beyond that. */
function publications({ declarations, stations }: Plan): Door[] {
  const wanted = declarations.map(({ door }) => ({ ...door, isDeclared: true }));
  const found = stations.flatMap(({ name, stack, published }) =>
    published.map(({ address, port }) => ({
      address,
      port,
      container: name,
      stack,
      isDeclared: false,
      tls: false,
    })),
  );
  const isNew = (door: Door, index: number, all: readonly Door[]) =>
    all.findIndex(({ port, container }) => port === door.port && container === door.container) ===
    index;
  return [...wanted, ...found].filter(isNew);
}

/** From the host itself its loopback counts as well. */
function hostAddresses(from: Station, host: Station): Station["addresses"] {
  const loopback = ["127.0.0.1", "::1"].map((address) => ({ address, link: "lo" }));
  return from.name === HOST ? [...loopback, ...host.addresses] : host.addresses;
}

function expectation(
  from: Station,
  { isDeclared, address, tls, stack }: Door,
  at: string,
): Pick<Cell, "expected" | "ask" | "identity"> {
  if (!isDeclared || address !== at) return { expected: "closed", ask: "nothing" };
  // An address that others are to reach is open to containers as well, where they have a way out.
  if (from.name !== HOST) return { expected: "any", ask: "nothing" };
  return { expected: "open", ask: tls ? "https" : "http", identity: `doom-${stack}` };
}

/** What the host serves on the addresses that a container has right before it. */
function serviceCells(plan: Plan, from: Station, host: Station): Cell[] {
  if (from.name === HOST) return [];
  const taken = new Set(publications(plan).map(({ port }) => port));
  const gateways = new Set(Object.values(from.networks).map(({ gateway }) => gateway));
  return [...gateways].flatMap((target) => {
    const ports = host.listeners
      .filter(({ address, port }) => !taken.has(port) && addressesCollide(address, target))
      .map(({ port }) => port);
    return [...new Set(ports)].map((port) => ({
      from: from.name,
      to: HOST,
      via: "host service" as const,
      target,
      port,
      protocol: "tcp" as const,
      family: 4 as const,
      ask: "nothing" as const,
      expected: "any" as const,
    }));
  });
}
