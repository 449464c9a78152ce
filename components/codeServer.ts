import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Limits } from "../config/containers";
import { dockerName } from "../config/names";
import type { Seed } from "../config/schema";
import { GIVEN_PASSWORD_VARIABLE } from "../config/secrets";
import { HEALTHCHECK, hardenedContainer, SUCCESSION, secretMount } from "./container";
import { Secret } from "./secret";
import { SecretFile } from "./secretFile";
import { Volume } from "./volume";
import { VolumeMigration } from "./volumeMigration";

/** The port that the editor listens on, inside its networks only. */
export const CODE_SERVER_PORT = 8443;

export interface CodeServerArgs {
  /** Name of the environment. */
  readonly stack: string;
  /** Number of this instance, from 1; part of its names for life. */
  readonly index: number;
  /** Image by digest or image ID. */
  readonly image: pulumi.Input<string>;
  /** CPU and memory of this instance. */
  readonly limits: Limits;
  /** Names of the Docker networks to join: the internal one, and the egress one where it may go out. */
  readonly networks: readonly pulumi.Input<string>[];
  /** Folder on the host for secret files. */
  readonly secretFolder: string;
  /** The password that the user set; generated when absent. */
  readonly password?: pulumi.Input<string>;
  /** How often the password was made anew. */
  readonly rotation?: number;
  /** User and group id that own the workspace and run the editor. */
  readonly user: { readonly puid: number; readonly pgid: number };
  /** IANA time zone. */
  readonly timeZone: string;
  /** trace, debug, info, warn or error. */
  readonly logLevel: string;
  /** Further environment variables; no secrets. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where its first data comes from; an empty workspace when absent. */
  readonly seed?: Seed;
  /** What has to be done before the container may change. */
  readonly after?: pulumi.Input<pulumi.Resource>[];
}

/** One code-server: an editor with a volume and a password of its own. */
export class CodeServer extends pulumi.ComponentResource {
  /** Name of the container, which is also its address on the internal network. */
  readonly containerName: pulumi.Output<string>;
  readonly containerId: pulumi.Output<string>;
  /** Name of the volume at `/config`. */
  readonly volumeName: pulumi.Output<string>;
  /** The password; secret. */
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: CodeServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:CodeServer", name, { index: args.index }, opts);
    const secret = new Secret(
      `${name}-password`,
      {
        generator: "secretGenerate",
        keep: true,
        rotation: args.rotation ?? 0,
        ...(args.password === undefined
          ? {}
          : { environment: { [GIVEN_PASSWORD_VARIABLE]: pulumi.secret(args.password) } }),
      },
      { parent: this },
    );
    const generated = secret.value.apply(
      (text) => JSON.parse(text) as { password: string; hash: string },
    );
    const hashFile = new SecretFile(
      `${name}-hash`,
      {
        folder: args.secretFolder,
        fileName: `code-server-${args.index}-hashed-password`,
        content: generated.hash,
      },
      { parent: this },
    );
    const volume = new Volume(
      `${name}-data`,
      { stack: args.stack, index: args.index },
      { parent: this },
    );
    const after = [...(args.after ?? []), ...this.seeded(name, args, volume)];
    const container = this.container(name, args, volume, hashFile, after);
    this.containerName = container.name;
    this.containerId = container.id;
    this.volumeName = volume.dockerName;
    this.password = generated.password;
    this.registerOutputs({ containerName: this.containerName, volumeName: this.volumeName });
  }

  /** What has to be there before the editor starts. */
  private seeded(
    name: string,
    { stack, seed }: CodeServerArgs,
    { dockerName: target }: Volume,
  ): pulumi.Resource[] {
    if (seed === undefined) return [];
    return [new VolumeMigration(`${name}-seed`, { stack, target, ...seed }, { parent: this })];
  }

  private container(
    name: string,
    args: CodeServerArgs,
    volume: Volume,
    hashFile: SecretFile,
    after: pulumi.Input<pulumi.Resource>[],
  ): docker.Container {
    return new docker.Container(
      `${name}-container`,
      {
        ...hardenedContainer({
          stack: args.stack,
          role: "code-server",
          index: args.index,
          limits: args.limits,
          // The start makes the user, hands it the workspace and becomes it.
          capabilities: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "KILL"],
        }),
        image: args.image,
        envs: environmentLines(args),
        mounts: [
          { type: "volume", source: volume.dockerName, target: "/config" },
          secretMount(hashFile.path, "/run/secrets/hashed-password"),
        ],
        // In memory, because the editor's configuration holds the hash; `exec` for images whose
        // init runs its scripts from there (linuxserver.io).
        tmpfs: { "/run": "rw,exec,nosuid,nodev,mode=755,size=16m" },
        networksAdvanced: args.networks.map((network) => ({
          name: network,
          aliases: [dockerName(args.stack, "code-server", args.index)],
        })),
        healthcheck: HEALTHCHECK,
        // Editors write their state when they are told to stop.
        destroyGraceSeconds: 20,
      },
      { parent: this, dependsOn: after, ...SUCCESSION },
    );
  }
}

/** The container's environment, sorted, in the contract of the linuxserver.io image. */
function environmentLines(args: CodeServerArgs): string[] {
  const environment: Record<string, string> = {
    ...args.variables,
    PUID: String(args.user.puid),
    PGID: String(args.user.pgid),
    TZ: args.timeZone,
    LOG_LEVEL: args.logLevel,
    DEFAULT_WORKSPACE: "/config/workspace",
    FILE__HASHED_PASSWORD: "/run/secrets/hashed-password",
    // Browsers keep cookies per host and not per port: without it, logging in to one environment
    // would log out of the other.
    COOKIE_SUFFIX: `${args.stack}-${args.index}`,
  };
  return Object.entries(environment)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
}
