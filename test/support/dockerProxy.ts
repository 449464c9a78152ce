import { connect, createServer, type Server, type Socket } from "node:net";
import { dockerAddress } from "../../operations/dockerHost";

/**
 * A way to the Docker engine that can be lost and come back.
 *
 * For a client that is what it sees when the engine stops: every connection ends, in the middle of whatever
 * it carried, and no new one can be made. A test may not stop the engine itself, which others use.
 */
export class DockerProxy {
  private readonly connections = new Set<Socket>();
  private server: Server | undefined;

  /** `path` is where its socket appears. */
  constructor(private readonly path: string) {}

  /** A value for DOCKER_HOST. */
  get address(): string {
    return `unix://${this.path}`;
  }

  async open(): Promise<void> {
    // One end may have said all and still listen: that is how a program in a container gets its end of input.
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const engine = connect({
        path: dockerAddress().slice("unix://".length),
        allowHalfOpen: true,
      });
      for (const [from, to] of [
        [client, engine],
        [engine, client],
      ] as const) {
        this.connections.add(from);
        from.on("close", () => this.connections.delete(from)).on("error", () => to.destroy());
        from.pipe(to);
      }
    });
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
    this.server = server;
  }

  /** From now on nothing answers. */
  async cut(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    const closed = new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
    for (const connection of this.connections) connection.destroy();
    await closed;
  }
}
