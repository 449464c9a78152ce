import * as pulumi from "@pulumi/pulumi";
import { parseCidrLoosely, split } from "../checks/cidr";
import { editorLimits, GATEWAY_LIMITS, PROCESSES } from "../config/containers";
import { NETWORK_SPLIT_BITS } from "../config/fields";
import { dockerName } from "../config/names";
import type { EgressRole, EnvironmentConfig } from "../config/schema";
import { CERTIFICATE, passwordName } from "../config/secrets";
import { ANTHROPIC_KEY } from "../config/serviceKeys";
import { TAILSCALE_KEY, TAILSCALE_LIMITS } from "../config/tailscale";
import { Claude } from "./claude";
import { CODE_SERVER_PORT, CodeServer } from "./codeServer";
import { ConfigMigration } from "./configMigration";
import { ContainerLimits } from "./containerLimits";
import { Draining } from "./draining";
import { GATEWAY_PORT, Gateway } from "./gateway";
import { Image, type ImageArgs } from "./image";
import { Network, type NetworkRole } from "./network";
import { refuseBrokenRules } from "./refuseBrokenRules";
import { RestingEditor } from "./restingEditor";
import { Secret } from "./secret";
import { Tailscale } from "./tailscale";
import { UpgradeGate } from "./upgradeGate";
import { Verification } from "./verification";
import { Volume } from "./volume";

export interface EnvironmentArgs {
  /** Name of the environment: the stack's. */
  readonly stack: string;
  /** Its checked configuration. */
  readonly config: EnvironmentConfig;
  /** Passwords and keys that the user set, by name (`code-server-1`, `tailscale`). */
  readonly secrets: ReadonlyMap<string, pulumi.Output<string>>;
  /** How often a generated secret was made anew, by name. */
  readonly rotations: ReadonlyMap<string, number>;
  /** How often the gate of `code-server-1` and the like has had to look; see operations/upgradeJournal.ts. */
  readonly attempts: ReadonlyMap<string, number>;
  /** Numbers of editors that there were and are not now; see operations/restingEditors.ts. */
  readonly resting: readonly number[];
  /** Numbers of the editors beside which there is, or once was, Claude Code; see operations/claudeVolumes.ts. */
  readonly claudeVolumes: readonly number[];
  /** Folder on the host for secret files, backed by memory. */
  readonly secretFolder: string;
  /** How to come by the images; those of services where the environment has them. */
  readonly images: {
    readonly codeServer: ImageArgs;
    readonly gateway: ImageArgs;
    readonly claude?: ImageArgs;
    readonly tailscale?: ImageArgs;
  };
  /** Whether it once had a node in a tailnet, whose volume then stays; see operations/tailnetState.ts. */
  readonly hadTailscale?: boolean;
}

/** What is known of one instance once it runs. */
export interface InstanceOutputs {
  readonly index: number;
  readonly container: string;
  readonly volume: string;
  readonly image: string;
}

const LOOPBACK = "127.0.0.1";

/** One whole environment: networks, images, editors and the gateway before them. */
export class Environment extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly instances: pulumi.Output<InstanceOutputs[]>;
  readonly imageDigests: pulumi.Output<{ codeServer: string; gateway: string }>;
  readonly networks: Record<NetworkRole, Network>;
  readonly volumes: pulumi.Output<string[]>;
  /** The volumes that wait for their editors to come back. */
  readonly resting: pulumi.Output<string[]>;
  /** Passwords by the instance's number; secret. */
  readonly passwords: pulumi.Output<Record<string, string>>;
  /** What the repository of its snapshots opens with; secret. */
  readonly snapshotPassword: pulumi.Output<string>;

  constructor(name: string, args: EnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      "doom-coding:index:Environment",
      name,
      { stack: args.stack },
      // Handed down to every resource of the environment.
      pulumi.mergeOptions(opts, { transformations: [refuseBrokenRules(args.stack)] }),
    );
    const { stack, config } = args;
    new ConfigMigration(`${name}-configuration`, { stack, config }, { parent: this });
    this.networks = this.createNetworks(name, args);
    const codeServerImage = new Image(`${name}-code-server-image`, args.images.codeServer, {
      parent: this,
    });
    const gatewayImage = new Image(`${name}-gateway-image`, args.images.gateway, { parent: this });
    const editors = this.createEditors(name, args, codeServerImage);
    const gateway = this.createGateway(name, args, gatewayImage, codeServerImage);
    const agents = this.createAgents(name, args, editors);
    const tailscale = this.createTailscale(name, args);
    const resting = args.resting.map(
      (index) =>
        new RestingEditor(`${name}-code-server-${index}`, { stack, index }, { parent: this }),
    );
    new Draining(
      `${name}-draining`,
      { stack, instances: config.instances, gateway: gateway.containerId },
      { parent: this },
    );
    const limited = [
      { id: gateway.containerId, ...GATEWAY_LIMITS },
      ...[...editors, ...agents].map(({ containerId }) => ({
        id: containerId,
        ...editorLimits(config),
      })),
      ...(tailscale === undefined ? [] : [{ id: tailscale.containerId, ...TAILSCALE_LIMITS }]),
    ];
    const containers = limited.map(({ id }) => id);
    new ContainerLimits(
      `${name}-limits`,
      { containers: limited, processes: PROCESSES },
      { parent: this },
    );
    new Verification(
      `${name}-verification`,
      { stack, config, containers, attempts: args.attempts },
      { parent: this },
    );

    // The gateway's own check passes once an editor answers; the address is good when all of them do.
    this.url = pulumi
      .all([gateway.url, ...editors.map((editor) => editor.containerId)])
      .apply(([url]) => url as string);
    this.imageDigests = pulumi.output({
      codeServer: codeServerImage.imageId,
      gateway: gatewayImage.imageId,
    });
    this.instances = pulumi.output(
      editors.map((editor, position) => ({
        index: position + 1,
        container: editor.containerName,
        volume: editor.volumeName,
        image: codeServerImage.imageId,
      })),
    );
    this.volumes = pulumi.output(editors.map((editor) => editor.volumeName));
    this.resting = pulumi.output(resting.map((editor) => editor.volumeName));
    this.passwords = pulumi.secret(
      pulumi.output(
        Object.fromEntries(
          editors.map((editor, position) => [String(position + 1), editor.password]),
        ),
      ),
    );
    const snapshotSecret = new Secret(
      `${name}-snapshots-password`,
      { generator: "secretGenerate", keep: true },
      { parent: this },
    );
    this.snapshotPassword = snapshotSecret.value.apply(
      (text) => (JSON.parse(text) as { password: string }).password,
    );
    this.registerOutputs({ url: this.url, instances: this.instances });
  }

  private createNetworks(
    name: string,
    { stack, config }: EnvironmentArgs,
  ): Record<NetworkRole, Network> {
    const range = parseCidrLoosely(config.network.cidr);
    if (!range)
      throw new Error(`network.cidr ${config.network.cidr} passed the schema but cannot be read`);
    // The fourth part is kept for rehearsals, so that they need no range of their own.
    const parts = split(range, NETWORK_SPLIT_BITS);
    const create = (role: NetworkRole, position: number) => {
      const cidr = parts[position];
      if (!cidr) throw new Error(`no addresses left for the network ${role}`);
      return new Network(`${name}-${role}`, { stack, role, cidr }, { parent: this });
    };
    return {
      internal: create("internal", 0),
      edge: create("edge", 1),
      egress: create("egress", 2),
    };
  }

  private createEditors(name: string, args: EnvironmentArgs, image: Image): CodeServer[] {
    const { config, stack, secretFolder } = args;
    return Array.from({ length: config.instances }, (_, position) => {
      const index = position + 1;
      const password = args.secrets.get(passwordName(index));
      const seed = config.seed?.[passwordName(index)];
      const gate = new UpgradeGate(
        `${name}-code-server-${index}-upgrade`,
        {
          stack,
          service: "code-server",
          index,
          image: image.imageId,
          attempt: args.attempts.get(passwordName(index)) ?? 0,
        },
        { parent: this },
      );
      return new CodeServer(
        `${name}-code-server-${index}`,
        {
          stack,
          index,
          secretFolder,
          image: image.imageId,
          limits: editorLimits(config),
          networks: this.networksOf("code-server", config),
          user: config.user,
          timeZone: config.timeZone,
          logLevel: config.logLevel,
          variables: config.variables,
          ...(password === undefined ? {} : { password }),
          ...(seed === undefined ? {} : { seed }),
          rotation: args.rotations.get(passwordName(index)) ?? 0,
          after: [gate.passed],
        },
        { parent: this },
      );
    });
  }

  /** The internal network, and the way out for what may take it. */
  private networksOf(role: EgressRole, { network }: EnvironmentConfig): pulumi.Output<string>[] {
    const { internal, egress } = this.networks;
    return [internal, ...(network.egress.includes(role) ? [egress] : [])].map(
      ({ dockerName }) => dockerName,
    );
  }

  /** Claude Code beside each editor; what it has kept stays also when it is taken away. */
  private createAgents(
    name: string,
    args: EnvironmentArgs,
    editors: readonly CodeServer[],
  ): Claude[] {
    const { config, stack, secretFolder } = args;
    const volumes = new Map(
      args.claudeVolumes.map((index) => {
        const volume = new Volume(
          `${name}-claude-${index}-data`,
          { stack, role: "claude", index },
          { parent: this },
        );
        return [index, volume.dockerName];
      }),
    );
    if (!config.claude.enabled || args.images.claude === undefined) return [];
    const image = new Image(`${name}-claude-image`, args.images.claude, { parent: this });
    const key = args.secrets.get(ANTHROPIC_KEY);
    return editors.map((editor, position) => {
      const index = position + 1;
      const gate = new UpgradeGate(
        `${name}-claude-${index}-upgrade`,
        {
          stack,
          service: "claude",
          index,
          image: image.imageId,
          attempt: args.attempts.get(`claude-${index}`) ?? 0,
        },
        { parent: this },
      );
      return new Claude(
        `${name}-claude-${index}`,
        {
          stack,
          index,
          secretFolder,
          image: image.imageId,
          limits: editorLimits(config),
          networks: this.networksOf("claude", config),
          user: config.user,
          timeZone: config.timeZone,
          volume: volumes.get(index) as pulumi.Output<string>,
          workspace: editor.volumeName,
          ...(key === undefined ? {} : { key }),
          // The editor first: it hands its files over, and writes no more when it is replaced.
          after: [gate.passed, editor],
        },
        { parent: this },
      );
    });
  }

  /** Undefined without a node in a tailnet; what keeps the identity of one stays all the same. */
  private createTailscale(name: string, args: EnvironmentArgs): Tailscale | undefined {
    const { stack, config, secretFolder, images } = args;
    const { access, tailscale } = config;
    if (!tailscale.enabled && !args.hadTailscale) return undefined;
    const volume = new Volume(
      `${name}-tailscale-state`,
      { stack, role: "tailscale" },
      { parent: this },
    );
    if (images.tailscale === undefined) return undefined;
    const image = new Image(`${name}-tailscale-image`, images.tailscale, { parent: this });
    const key = args.secrets.get(TAILSCALE_KEY);
    const attempt = args.attempts.get("tailscale") ?? 0;
    const gate = new UpgradeGate(
      `${name}-tailscale-upgrade`,
      { stack, service: "tailscale", index: 1, image: image.imageId, attempt },
      { parent: this },
    );
    return new Tailscale(
      `${name}-tailscale`,
      {
        stack,
        image: image.imageId,
        hostname: nodeName(args),
        acceptDns: tailscale.acceptDns,
        network: this.networks.edge.dockerName,
        volume: volume.dockerName,
        secretFolder,
        after: [gate.passed],
        ...(tailscale.controlServer === undefined
          ? {}
          : { controlServer: tailscale.controlServer }),
        ...(tailscale.certificateAuthority === undefined
          ? {}
          : { certificateAuthority: tailscale.certificateAuthority }),
        // In the tier `local` nobody but this host may reach the gateway.
        ...(access.tier === "local"
          ? {}
          : { target: { host: dockerName(stack, "gateway"), port: GATEWAY_PORT } }),
        ...(key === undefined ? {} : { key }),
      },
      { parent: this },
    );
  }

  private createGateway(
    name: string,
    args: EnvironmentArgs,
    image: Image,
    editorImage: Image,
  ): Gateway {
    const { access, tailscale } = args.config;
    return new Gateway(
      `${name}-gateway`,
      {
        stack: args.stack,
        image: image.imageId,
        bindAddress: access.tier === "full" ? access.bindAddress : LOOPBACK,
        port: access.port,
        tls: access.tier !== "local",
        names: tailscale.enabled ? [nodeName(args)] : [],
        rotation: args.rotations.get(CERTIFICATE) ?? 0,
        edgeNetwork: this.networks.edge.dockerName,
        internalNetwork: this.networks.internal.dockerName,
        secretFolder: args.secretFolder,
        after: [editorImage],
        editorPort: CODE_SERVER_PORT,
      },
      { parent: this },
    );
  }
}

/** The environment's name in its tailnet. */
function nodeName({ stack, config }: EnvironmentArgs): string {
  return config.tailscale.hostname ?? `doom-${stack}`;
}
