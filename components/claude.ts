import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Limits } from "../config/containers";
import { HEALTHCHECK, hardenedContainer, SUCCESSION, secretMount } from "./container";
import { SecretFile } from "./secretFile";

export interface ClaudeArgs {
  /** Name of the environment. */
  readonly stack: string;
  /** Number of the editor that it stands beside. */
  readonly index: number;
  /** Image by digest or image ID. */
  readonly image: pulumi.Input<string>;
  /** CPU and memory of this container. */
  readonly limits: Limits;
  /** Names of the Docker networks to join: the internal one, and the egress one where it may go out. */
  readonly networks: readonly pulumi.Input<string>[];
  /** Folder on the host for secret files. */
  readonly secretFolder: string;
  /** The key that it signs in with; without one its user does, or nobody. */
  readonly key?: pulumi.Input<string>;
  /** Those of the editor: both write to the same files. */
  readonly user: { readonly puid: number; readonly pgid: number };
  /** IANA time zone. */
  readonly timeZone: string;
  /** Name of the volume with its login and settings. */
  readonly volume: pulumi.Input<string>;
  /** Name of the volume with the editor's files. */
  readonly workspace: pulumi.Input<string>;
  /** What has to be done before the container may change. */
  readonly after: pulumi.Input<pulumi.Resource>[];
}

/** Where the key is mounted, as operations/services/claude.ts has it. */
const KEY_PATH = "/run/secrets/anthropic-api-key";

/**
 * Claude Code beside one editor: on its files, with a volume of its own for login and settings.
 *
 * It publishes nothing and listens to no network; terminals of the editor come in through a socket on the files
 * that both share.
 */
export class Claude extends pulumi.ComponentResource {
  readonly containerName: pulumi.Output<string>;
  readonly containerId: pulumi.Output<string>;

  constructor(name: string, args: ClaudeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:Claude", name, { index: args.index }, opts);
    const container = this.container(name, args, this.keyFile(name, args));
    this.containerName = container.name;
    this.containerId = container.id;
    this.registerOutputs({ containerName: this.containerName });
  }

  private keyFile(name: string, args: ClaudeArgs): SecretFile | undefined {
    if (args.key === undefined) return undefined;
    const fileName = `claude-${args.index}-api-key`;
    const content = pulumi.secret(args.key);
    return new SecretFile(
      `${name}-key`,
      { folder: args.secretFolder, fileName, content },
      { parent: this },
    );
  }

  private container(name: string, args: ClaudeArgs, key: SecretFile | undefined): docker.Container {
    return new docker.Container(
      `${name}-container`,
      {
        ...hardenedContainer({
          stack: args.stack,
          role: "claude",
          index: args.index,
          limits: args.limits,
          // The start makes the user, hands it the volume and becomes it.
          capabilities: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "KILL"],
        }),
        image: args.image,
        envs: [
          ...(key === undefined ? [] : [`FILE__ANTHROPIC_API_KEY=${KEY_PATH}`]),
          `PGID=${args.user.pgid}`,
          `PUID=${args.user.puid}`,
          `TZ=${args.timeZone}`,
        ],
        mounts: [
          { type: "volume", source: args.volume, target: "/claude" },
          { type: "volume", source: args.workspace, target: "/config" },
          ...(key === undefined ? [] : [secretMount(key.path, KEY_PATH)]),
        ],
        // In memory, because the user's copy of the key is there.
        tmpfs: { "/run": "rw,exec,nosuid,nodev,mode=755,size=16m" },
        networksAdvanced: args.networks.map((network) => ({ name: network })),
        healthcheck: HEALTHCHECK,
        destroyGraceSeconds: 10,
      },
      { parent: this, dependsOn: args.after, ...SUCCESSION },
    );
  }
}
