import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { WAITS_LABEL } from "../config/names";
import { TAILSCALE_KEY, TAILSCALE_LIMITS } from "../config/tailscale";
import { HEALTHCHECK, hardenedContainer, SUCCESSION, secretMount } from "./container";
import { SecretFile } from "./secretFile";

/** Where the image looks for the key. */
const KEY_PATH = "/run/secrets/tailscale-key";

/** The control server of Tailscale itself, as the program knows it. */
const TAILSCALE_SERVER = "https://controlplane.tailscale.com";

export interface TailscaleArgs {
  /** Name of the environment. */
  readonly stack: string;
  /** Image by digest or image ID. */
  readonly image: pulumi.Input<string>;
  /** The node's name in the tailnet. */
  readonly hostname: string;
  /** Address of the control server; Tailscale's own when absent. */
  readonly controlServer?: string;
  /** PEM text of the authorities that sign its certificate, beside those that the image knows. */
  readonly certificateAuthority?: string;
  readonly acceptDns: boolean;
  /** What the tailnet reaches on port 443 of the node, as bytes; nothing when absent. */
  readonly target?: { readonly host: string; readonly port: number };
  /** Name of the network where `target` is, with a way to the control server. */
  readonly network: pulumi.Input<string>;
  /** Name of the volume that keeps who the node is. */
  readonly volume: pulumi.Input<string>;
  /** The key with which the node joins; without one the container waits for it. */
  readonly key?: pulumi.Input<string>;
  /** Folder on the host for secret files. */
  readonly secretFolder: string;
  /** What has to be done before the container may change. */
  readonly after?: pulumi.Input<pulumi.Resource>[];
}

/**
 * The environment's node in a tailnet, in userspace: no tun device, no capability in the end.
 *
 * It is on the gateway's outer network only, so that it reaches the gateway and no editor.
 */
export class Tailscale extends pulumi.ComponentResource {
  readonly containerName: pulumi.Output<string>;
  readonly containerId: pulumi.Output<string>;

  constructor(name: string, args: TailscaleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:Tailscale", name, { hostname: args.hostname }, opts);
    const key =
      args.key === undefined
        ? undefined
        : new SecretFile(
            `${name}-key`,
            { folder: args.secretFolder, fileName: "tailscale-key", content: args.key },
            { parent: this },
          );
    const container = this.container(name, args, key);
    new command.local.Command(
      `${name}-join`,
      {
        create: "node bin/operations/tailnetJoin.js",
        environment: {
          DOOM_STACK: args.stack,
          DOOM_KEY: key === undefined ? "none" : "given",
        },
        triggers: [container.id],
      },
      { parent: this, customTimeouts: { create: "10m" } },
    );
    this.containerName = container.name;
    this.containerId = container.id;
    this.registerOutputs({ containerName: this.containerName });
  }

  private container(name: string, args: TailscaleArgs, key: SecretFile | undefined) {
    const waitsFor = `an auth key: npx doom secrets set ${args.stack} ${TAILSCALE_KEY}`;
    return new docker.Container(
      `${name}-container`,
      {
        ...hardenedContainer({
          stack: args.stack,
          role: "tailscale",
          limits: TAILSCALE_LIMITS,
          // The start reads the key, which belongs to whoever runs Pulumi, and becomes another user.
          capabilities: ["DAC_OVERRIDE", "SETUID", "SETGID"],
          ...(key === undefined ? { labels: { [WAITS_LABEL]: waitsFor } } : {}),
        }),
        image: args.image,
        envs: environmentLines(args),
        mounts: [
          { type: "volume", source: args.volume, target: "/var/lib/tailscale" },
          ...(key === undefined ? [] : [secretMount(key.path, KEY_PATH)]),
        ],
        readOnly: true,
        tmpfs: {
          "/run": "rw,noexec,nosuid,nodev,mode=755,size=4m",
          "/run/tailscale": "rw,noexec,nosuid,nodev,mode=700,uid=1000,gid=1000,size=4m",
        },
        networksAdvanced: [{ name: args.network }],
        healthcheck: HEALTHCHECK,
        // Without a key it cannot become healthy, and with a wrong one the join says why.
        wait: false,
        destroyGraceSeconds: 10,
      },
      { parent: this, dependsOn: args.after ?? [], ...SUCCESSION },
    );
  }
}

function environmentLines(args: TailscaleArgs): string[] {
  const { target } = args;
  const environment: Record<string, string> = {
    TS_HOSTNAME: args.hostname,
    TS_LOGIN_SERVER: args.controlServer ?? TAILSCALE_SERVER,
    TS_ACCEPT_DNS: String(args.acceptDns),
    TS_SERVE_TARGET: target === undefined ? "" : `${target.host}:${target.port}`,
    ...(args.certificateAuthority === undefined
      ? {}
      : { TS_CONTROL_AUTHORITY: args.certificateAuthority }),
  };
  return Object.entries(environment)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
}
