import { dockerName } from "../config/names";
import type { EnvironmentConfig } from "../config/schema";

/**
 * The containers and the way in that the configuration of an environment declares: what a proof compares
 * the running ones with. Stated by itself, and not taken from the components that it is to be held against.
 */

export type NetworkRole = "internal" | "edge" | "egress";

export interface DeclaredContainer {
  readonly stack: string;
  /** Name on the Docker host. */
  readonly name: string;
  readonly role: ContainerRole;
  /** Names on the Docker host of the networks that it is on, and no others. */
  readonly networks: readonly string[];
  /** TCP ports that it serves on all of them. */
  readonly ports: readonly number[];
}

/** The one published port of an environment. */
export interface DeclaredDoor {
  readonly stack: string;
  /** Name of the container behind it. */
  readonly container: string;
  /** IPv4 address of the host. */
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
}

export interface Declaration {
  readonly stack: string;
  readonly containers: readonly DeclaredContainer[];
  readonly door: DeclaredDoor;
}

const PORT = 8443;
const LOOPBACK = "127.0.0.1";

export type ContainerRole = "gateway" | "code-server" | "claude" | "tailscale";

/** What one kind of container is declared to be; an entry for each. */
interface RoleRow {
  readonly role: ContainerRole;
  /** How many there are, when they are numbered; else whether there is the one. */
  readonly count: (config: EnvironmentConfig) => number | boolean;
  readonly networks: readonly NetworkRole[];
  /** Whether it is on `egress`, too. */
  readonly mayGoOut: (config: EnvironmentConfig) => boolean;
  readonly ports: readonly number[];
}

const ROLES: readonly RoleRow[] = [
  {
    role: "gateway",
    count: () => true,
    networks: ["edge", "internal"],
    mayGoOut: () => false,
    ports: [PORT],
  },
  {
    role: "code-server",
    count: ({ instances }) => instances,
    networks: ["internal"],
    mayGoOut: ({ network }) => network.egress.includes("code-server"),
    ports: [PORT],
  },
  {
    role: "claude",
    count: ({ claude, instances }) => (claude.enabled ? instances : 0),
    networks: ["internal"],
    mayGoOut: ({ network }) => network.egress.includes("claude"),
    ports: [],
  },
  {
    // Beside the gateway, and so with its way out.
    role: "tailscale",
    count: ({ tailscale }) => tailscale.enabled,
    networks: ["edge"],
    mayGoOut: () => false,
    ports: [],
  },
];

/** What `config` declares for the environment `stack`. */
export function declarationOf(stack: string, config: EnvironmentConfig): Declaration {
  const { access } = config;
  return {
    stack,
    containers: ROLES.flatMap((row) => containersOf(stack, config, row)),
    door: {
      stack,
      container: dockerName(stack, "gateway"),
      address: access.tier === "full" ? access.bindAddress : LOOPBACK,
      port: access.port,
      tls: access.tier !== "local",
    },
  };
}

function containersOf(stack: string, config: EnvironmentConfig, row: RoleRow): DeclaredContainer[] {
  const { role, ports } = row;
  const roles: NetworkRole[] = [
    ...row.networks,
    ...(row.mayGoOut(config) ? ["egress" as const] : []),
  ];
  const networks = roles.map((network) => dockerName(stack, network));
  const count = row.count(config);
  const names =
    typeof count === "boolean"
      ? [dockerName(stack, role)].filter(() => count)
      : Array.from({ length: count }, (_, position) => dockerName(stack, role, position + 1));
  return names.map((name) => ({ stack, name, role, networks, ports }));
}
