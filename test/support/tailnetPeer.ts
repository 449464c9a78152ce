import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import tls from "node:tls";
import type Docker from "dockerode";
import { type ExecResult, runInContainer } from "../../operations/containerExec";
import { engine } from "./dockerHost";
import type { Headscale } from "./headscale";

const TAILSCALE = ["tailscale", "--socket=/run/tailscale/tailscaled.sock"];

/** `tailscale …` in the container of a node. */
export function tailscale(container: string, ...words: string[]): Promise<ExecResult> {
  return runInContainer(engine.getContainer(container), [...TAILSCALE, ...words], { seconds: 10 });
}

/** A port on this host's loopback behind which is a port of a node, as another node reaches it. */
export class TailnetForward {
  private constructor(
    private readonly server: Server,
    private readonly sockets: ReadonlySet<Socket>,
    readonly port: number,
  ) {}

  /**
   * Opens one, from the node in `container` to port 443 of `host`.
   *
   * Each connection is a `tailscale nc` of its own. What breaks one ends both its sides.
   */
  static async open(container: string, host: string): Promise<TailnetForward> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      const words = ["exec", "--interactive", container, ...TAILSCALE, "nc", host, "443"];
      const pump = spawn("docker", words, { stdio: ["pipe", "pipe", "ignore"] });
      sockets.add(socket);
      const end = () => {
        pump.kill();
        socket.destroy();
        sockets.delete(socket);
      };
      // A side that is gone while the other still writes: the test sees its connection end.
      for (const stream of [socket, pump.stdin, pump.stdout, pump]) stream.on("error", end);
      socket.on("close", end);
      pump.on("close", end);
      socket.pipe(pump.stdin);
      pump.stdout.pipe(socket);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return new TailnetForward(server, sockets, (server.address() as AddressInfo).port);
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

const HANDSHAKE_MS = 8000;

/** Whether the node in `container` completes a TLS handshake with port 443 of `host` in the tailnet. */
export async function reaches(container: string, host: string): Promise<boolean> {
  const forward = await TailnetForward.open(container, host);
  try {
    return await new Promise((resolve) => {
      const socket = tls.connect({
        host: "127.0.0.1",
        port: forward.port,
        // Whether anybody answers is the question; who, the test of the editor asks.
        rejectUnauthorized: false,
      });
      const end = (answer: boolean) => {
        socket.destroy();
        resolve(answer);
      };
      socket.setTimeout(HANDSHAKE_MS, () => end(false));
      socket.on("error", () => end(false));
      socket.on("close", () => end(false));
      socket.on("secureConnect", () => end(true));
    });
  } finally {
    forward.close();
  }
}

/** A further node of a tailnet, as somebody's laptop: of the same image, in userspace as well. */
export class TailnetPeer {
  private constructor(
    readonly name: string,
    private readonly container: Docker.Container,
    private readonly folder: string,
  ) {}

  static async start(headscale: Headscale, image: string, key: string): Promise<TailnetPeer> {
    const folder = mkdtempSync(path.join(tmpdir(), "doom-peer-"));
    writeFileSync(path.join(folder, "key"), key, { mode: 0o400 });
    const name = `${headscale.network}-visitor`;
    const container = await engine.createContainer({
      name,
      Image: image,
      Env: [
        "TS_HOSTNAME=visitor",
        `TS_LOGIN_SERVER=${headscale.url}`,
        `TS_CONTROL_AUTHORITY=${headscale.authority}`,
        "TS_ACCEPT_DNS=false",
        "TS_SERVE_TARGET=",
      ],
      HostConfig: {
        NetworkMode: headscale.network,
        Binds: [`${path.join(folder, "key")}:/run/secrets/tailscale-key:ro`],
        Tmpfs: { "/run/tailscale": "uid=1000,gid=1000,mode=700" },
      },
    });
    const peer = new TailnetPeer(name, container, folder);
    await container.start();
    return peer;
  }

  async dispose(): Promise<void> {
    await this.container.remove({ force: true, v: true });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
