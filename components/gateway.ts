import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { GATEWAY_LIMITS } from "../config/containers";
import { HEALTHCHECK, hardenedContainer, SUCCESSION, secretMount } from "./container";
import { haproxyConfig } from "./haproxyConfig";
import { Secret } from "./secret";
import { SecretFile } from "./secretFile";

/** The port that it listens on, inside its networks. */
export const GATEWAY_PORT = 8443;
const CERTIFICATE_PATH = "/run/secrets/gateway.pem";
const CONFIG_PATH = "/usr/local/etc/haproxy/haproxy.cfg";

export interface GatewayArgs {
  /** Name of the environment. */
  readonly stack: string;
  /** Image by digest or image ID. */
  readonly image: pulumi.Input<string>;
  /** IPv4 address of the host to publish on. */
  readonly bindAddress: string;
  /** TCP port of the host. */
  readonly port: number;
  /** Whether to speak TLS, with a certificate made for `bindAddress`, `localhost` and `names`. */
  readonly tls: boolean;
  /** Further names by which people reach it. */
  readonly names?: readonly string[];
  /** How often the certificate was made anew. */
  readonly rotation?: number;
  /** Name of the network that carries the published port. */
  readonly edgeNetwork: pulumi.Input<string>;
  /** Name of the network where the editors are. */
  readonly internalNetwork: pulumi.Input<string>;
  /** Port of every editor. */
  readonly editorPort: number;
  /**
   * What has to be there first. The editors' image: while it is built nothing can answer, and the
   * wait for a healthy gateway would run out.
   */
  readonly after?: pulumi.Input<pulumi.Resource>[];
  /** Folder on the host for secret files. */
  readonly secretFolder: string;
}

/** The way in: HAProxy, the only container of an environment that publishes a port. */
export class Gateway extends pulumi.ComponentResource {
  /** Where people open the environment. */
  readonly url: pulumi.Output<string>;
  readonly containerName: pulumi.Output<string>;
  readonly containerId: pulumi.Output<string>;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("doom-coding:index:Gateway", name, { port: args.port, tls: args.tls }, opts);
    const certificate = args.tls ? this.certificate(name, args) : undefined;
    const container = new docker.Container(
      `${name}-container`,
      {
        ...hardenedContainer({
          stack: args.stack,
          role: "gateway",
          limits: GATEWAY_LIMITS,
          // Becomes the user haproxy; before that it reads its key, which belongs to whoever runs Pulumi.
          capabilities: args.tls ? ["DAC_OVERRIDE", "SETUID", "SETGID"] : ["SETUID", "SETGID"],
        }),
        image: args.image,
        ports: [
          { internal: GATEWAY_PORT, external: args.port, ip: args.bindAddress, protocol: "tcp" },
        ],
        networksAdvanced: [{ name: args.edgeNetwork }, { name: args.internalNetwork }],
        // Docker's name server then answers itself for editors that are not there; else it would ask those
        // of the host, many times a second.
        dnsOpts: ["ndots:1"],
        uploads: [{ file: CONFIG_PATH, content: this.config(args) }],
        ...(certificate === undefined
          ? {}
          : { mounts: [secretMount(certificate.path, CERTIFICATE_PATH)] }),
        healthcheck: HEALTHCHECK,
        destroyGraceSeconds: 15,
      },
      { parent: this, ...SUCCESSION, dependsOn: args.after ?? [] },
    );
    this.containerName = container.name;
    this.containerId = container.id;
    this.url = container.name.apply(
      () => `${args.tls ? "https" : "http"}://${args.bindAddress}:${args.port}/`,
    );
    this.registerOutputs({ url: this.url, containerName: this.containerName });
  }

  private config(args: GatewayArgs): string {
    return haproxyConfig({
      stack: args.stack,
      port: GATEWAY_PORT,
      editorPort: args.editorPort,
      ...(args.tls ? { certificate: CERTIFICATE_PATH } : {}),
    });
  }

  private certificate(name: string, args: GatewayArgs): SecretFile {
    const own = [args.bindAddress, "127.0.0.1", "localhost", ...(args.names ?? [])];
    const names = [...new Set(own)];
    const secret = new Secret(
      `${name}-certificate`,
      {
        generator: "certificateGenerate",
        keep: false,
        rotation: args.rotation ?? 0,
        environment: { DOOM_CERTIFICATE_NAMES: names.join(",") },
      },
      { parent: this },
    );
    return new SecretFile(
      `${name}-certificate-file`,
      { folder: args.secretFolder, fileName: "gateway.pem", content: secret.value },
      { parent: this },
    );
  }
}
