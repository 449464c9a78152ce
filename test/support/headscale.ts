import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type Docker from "dockerode";
import { generate } from "selfsigned";
import { runInContainer } from "../../operations/containerExec";
import { engine } from "./dockerHost";

/** Where nodes reach it, on every network that it is connected to. */
const NAME = "headscale";
const PORT = 8443;
const CONFIGURATION = "/etc/headscale";

/** Who may reach whom: only the visitor reaches the others, or everybody everybody. */
const POLICIES = {
  apart: { acls: [{ action: "accept", src: ["visitor@"], dst: ["*:*"] }] },
  open: { acls: [{ action: "accept", src: ["*"], dst: ["*:*"] }] },
} as const;

/** A real control server in a container, on a network of its own without a way out; it relays, too. */
export class Headscale {
  readonly url = `https://${NAME}:${PORT}`;

  private constructor(
    /** PEM text of what signs its certificate. */
    readonly authority: string,
    /** The network where it is first. */
    readonly network: string,
    private readonly container: Docker.Container,
    private readonly folder: string,
  ) {}

  /** Starts `program` in a container of `image`; call {@link dispose} whatever happens. */
  static async start(program: string, image: string): Promise<Headscale> {
    const folder = mkdtempSync(path.join(tmpdir(), "doom-headscale-"));
    const name = `doom-headscale-${randomBytes(4).toString("hex")}`;
    const { cert, private: key } = await certificate();
    const files = {
      "config.yaml": JSON.stringify(settings()),
      "server.crt": cert,
      "server.key": key,
      "apart.json": JSON.stringify(POLICIES.apart),
      "open.json": JSON.stringify(POLICIES.open),
    };
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
    await engine.createNetwork({ Name: name, Internal: true });
    const container = await engine.createContainer({
      name,
      Image: image,
      Cmd: ["/usr/local/bin/headscale", "serve", "--config", `${CONFIGURATION}/config.yaml`],
      HostConfig: {
        Binds: [`${program}:/usr/local/bin/headscale:ro`, `${folder}:${CONFIGURATION}:ro`],
        Tmpfs: { "/var/lib/headscale": "", "/run": "" },
      },
      NetworkingConfig: { EndpointsConfig: { [name]: { Aliases: [NAME] } } },
    });
    const server = new Headscale(cert, name, container, folder);
    try {
      await container.start();
      await server.answering();
      await server.allow("apart");
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  /** Lets the nodes on a network of somebody else's reach it. */
  async join(network: string): Promise<void> {
    const EndpointConfig = { Aliases: [NAME] };
    await engine.getNetwork(network).connect({ Container: this.container.id, EndpointConfig });
  }

  async allow(policy: keyof typeof POLICIES): Promise<void> {
    await this.ask("policy", "set", "--file", `${CONFIGURATION}/${policy}.json`);
  }

  /** Makes a user; gives its number. */
  async createUser(name: string): Promise<string> {
    const { id } = JSON.parse(await this.ask("users", "create", name)) as { id: number };
    return String(id);
  }

  /** A key that works once, for `validity` (`1h`, `1s`). */
  async createKey(user: string, validity = "1h"): Promise<string> {
    const made = await this.ask("preauthkeys", "create", "--user", user, "--expiration", validity);
    return (JSON.parse(made) as { key: string }).key;
  }

  /** The names of the nodes that it knows, by their lasting numbers. */
  async nodes(): Promise<Record<string, string>> {
    const nodes = JSON.parse(await this.ask("nodes", "list")) as {
      id: number;
      given_name: string;
    }[];
    return Object.fromEntries((nodes ?? []).map(({ id, given_name }) => [String(id), given_name]));
  }

  async dispose(): Promise<void> {
    await this.container.remove({ force: true, v: true });
    await engine.getNetwork(this.network).remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async ask(...words: string[]): Promise<string> {
    const command = ["headscale", "--config", `${CONFIGURATION}/config.yaml`, "--output", "json"];
    const { code, stdout, stderr } = await runInContainer(this.container, [...command, ...words], {
      seconds: 10,
    });
    if (code !== 0) throw new Error(`headscale ${words.join(" ")}: ${stdout} ${stderr}`);
    return stdout;
  }

  private async answering(): Promise<void> {
    for (const end = Date.now() + 30_000; ; await new Promise((done) => setTimeout(done, 200))) {
      try {
        await this.nodes();
        return;
      } catch (error) {
        if (Date.now() > end) {
          const log = await this.container.logs({ stdout: true, stderr: true, tail: 20 });
          throw new Error(`${(error as Error).message}\n${log.toString()}`);
        }
      }
    }
  }
}

/** One that signs itself and serves, so that it is its own authority. */
function certificate() {
  return generate([{ name: "commonName", value: NAME }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notBeforeDate: new Date(Date.now() - 60_000),
    notAfterDate: new Date(Date.now() + 24 * 3600 * 1000),
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: NAME }] },
    ],
  });
}

/** It relays for nodes that cannot reach each other, which is how environments are to each other. */
function settings() {
  const state = "/var/lib/headscale";
  return {
    server_url: `https://${NAME}:${PORT}`,
    listen_addr: `0.0.0.0:${PORT}`,
    metrics_listen_addr: "127.0.0.1:9090",
    grpc_listen_addr: "127.0.0.1:50443",
    tls_cert_path: `${CONFIGURATION}/server.crt`,
    tls_key_path: `${CONFIGURATION}/server.key`,
    noise: { private_key_path: `${state}/noise_private.key` },
    prefixes: { v4: "100.64.0.0/10", v6: "fd7a:115c:a1e0::/48" },
    derp: {
      server: {
        enabled: true,
        region_id: 999,
        region_code: "test",
        region_name: "test",
        stun_listen_addr: "0.0.0.0:3478",
        private_key_path: `${state}/derp_server_private.key`,
        automatically_add_embedded_derp_region: true,
      },
      urls: [],
      paths: [],
      auto_update_enabled: false,
    },
    disable_check_updates: true,
    database: { type: "sqlite", sqlite: { path: `${state}/db.sqlite` } },
    policy: { mode: "database" },
    dns: {
      magic_dns: true,
      base_domain: "tailnet.test",
      override_local_dns: false,
      nameservers: { global: [] },
    },
    unix_socket: "/run/headscale.sock",
    unix_socket_permission: "0700",
    logtail: { enabled: false },
    log: { level: "info", format: "text" },
  };
}
