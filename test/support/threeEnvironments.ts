import { containerIds, containersOf, engine, networksOf, volumesOf } from "./dockerHost";
import { EditorClient } from "./editorClient";
import type { LiveEnvironment, StackOutputs } from "./liveEnvironment";
import { type LiveProject, startProject } from "./liveProject";

/** The environments `dev`, `staging` and `prod` of the table, at once on one host. */

/** Values that shells, YAML, JSON and `.env` files each have their own way with. */
const ODD_VALUES = {
  ODD_QUOTES: `it's "quoted" \`so\` \\ = and = $HOME $$ $(id) # not a comment`,
  ODD_LINES: "  one\ntwo\r\n\nlast\t",
  ODD_LETTERS: "Grüße, 日本語, 🦊, é",
  ODD_TYPES: "true",
  ODD_EMPTY: "",
};

/** Beside code-server and gateway; Tailscale has no key, and waits for one. */
const SERVICES = { claude: { enabled: true }, tailscale: { enabled: true } };

export const TABLE = {
  dev: {
    ...SERVICES,
    variables: ODD_VALUES,
    resources: { cpus: 0.5, memory: "512MiB", storage: "2GiB" },
    access: { tier: "local" },
    logLevel: "debug",
  },
  staging: {
    ...SERVICES,
    resources: { cpus: 1, memory: "1GiB", storage: "5GiB" },
    access: { tier: "limited" },
    logLevel: "info",
  },
  prod: {
    ...SERVICES,
    resources: { cpus: 2, memory: "2GiB", storage: "10GiB" },
    access: { tier: "full", bindAddress: "127.0.0.1" },
    logLevel: "info",
    network: { egress: ["code-server", "claude", "tailscale"] },
  },
} as const;

export type Tier = keyof typeof TABLE;
export type NetworkRole = "internal" | "edge" | "egress";
export const TIERS = Object.keys(TABLE) as Tier[];

/** The process of a running container on this host. */
export async function pidOf(container: string): Promise<number> {
  return (await engine.getContainer(container).inspect()).State.Pid;
}

export class ThreeEnvironments {
  readonly outputs = {} as Record<Tier, StackOutputs>;

  private constructor(private readonly project: LiveProject) {}

  /** Brings all up, with images that the first one makes. Leaves nothing behind when it throws. */
  static async start(): Promise<ThreeEnvironments> {
    const three = new ThreeEnvironments(await startProject(TABLE));
    try {
      const [first, ...others] = TIERS.map((tier) => () => three.environment(tier).up());
      await first?.();
      await Promise.all(others.map((up) => up()));
      for (const tier of TIERS) three.outputs[tier] = await three.environment(tier).outputs();
      return three;
    } catch (error) {
      await three.dispose();
      throw error;
    }
  }

  dispose(): Promise<void> {
    return this.project.dispose();
  }

  environment(tier: Tier): LiveEnvironment {
    return this.project.environment(tier);
  }

  stack(tier: Tier): string {
    return this.environment(tier).stack;
  }

  editor(tier: Tier): string {
    return `doom-${this.stack(tier)}-code-server-1`;
  }

  gateway(tier: Tier): string {
    return `doom-${this.stack(tier)}-gateway`;
  }

  /** What the environment has on the Docker host; everything that it mounts is named once. */
  async belongings(tier: Tier) {
    const stack = this.stack(tier);
    const containers = await containersOf(stack);
    return {
      networks: (await networksOf(stack)).map(({ Id }) => Id),
      volumes: (await volumesOf(stack)).map(({ Name }) => Name),
      containers: containers.map(({ Name }) => Name.slice(1)),
      mounted: [...new Set(containers.flatMap(({ Mounts }) => Mounts.map(({ Source }) => Source)))],
      ranges: Object.values(this.outputs[tier].networks).map(({ cidr }) => cidr),
    };
  }

  /** The container's address on the network of that role. */
  async addressOf(container: string, tier: Tier, role: NetworkRole): Promise<string> {
    const { NetworkSettings } = await engine.getContainer(container).inspect();
    const address = NetworkSettings.Networks[this.outputs[tier].networks[role].name]?.IPAddress;
    if (!address) throw new Error(`${container} has no address on ${role}`);
    return address;
  }

  /** Addresses of what listens, outside its own internal network, for one of them. */
  async listenersOutside(tier: Tier): Promise<string[]> {
    const other = tier === "dev" ? "staging" : "dev";
    const [own, gateway, editor] = [this.gateway(tier), this.gateway(other), this.editor(other)];
    return [
      await this.addressOf(own, tier, "edge"),
      await this.addressOf(gateway, other, "edge"),
      await this.addressOf(gateway, other, "internal"),
      await this.addressOf(editor, other, "internal"),
      ...(tier === "prod" ? [] : [await this.addressOf(this.editor("prod"), "prod", "egress")]),
    ];
  }

  /** The host's own address on a network: the first one after the network's. */
  hostAddress(tier: Tier, role: NetworkRole): string {
    const [range = ""] = this.outputs[tier].networks[role].cidr.split("/");
    return range.replace(/\d+$/, (last) => String(Number(last) + 1));
  }

  /** Whether its user gets in with its password. */
  serves(tier: Tier): Promise<boolean> {
    return this.opens(tier, tier);
  }

  /** Whether the password of one opens another. */
  async opens(tier: Tier, passwordOf: Tier): Promise<boolean> {
    const client = new EditorClient(this.outputs[tier].url);
    await client.login(this.outputs[passwordOf].passwords["1"] ?? "");
    return client.getsIn();
  }

  idsOf(tiers: readonly Tier[]): Promise<Record<string, string>[]> {
    return Promise.all(tiers.map((tier) => containerIds(this.stack(tier))));
  }
}
