import { connect, createServer, type Server, type Socket } from "node:net";
import { Transform } from "node:stream";
import { dockerAddress } from "../../operations/dockerHost";

/**
 * A way to the Docker engine that can be lost and come back, and on which something can happen just before a request.
 *
 * To lose it is for a client what it sees when the engine stops: every connection ends, in the middle of whatever
 * it carried, and no new one can be made. A test may not stop the engine itself, which others use.
 */
export class DockerProxy {
  private readonly connections = new Set<Socket>();
  private server: Server | undefined;
  private hold: { readonly words: string; readonly until: () => Promise<unknown> } | undefined;

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
      }
      client.pipe(this.gate()).pipe(engine);
      engine.pipe(client);
    });
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
    this.server = server;
  }

  /** Does `work` once, before any request with these words is passed on. */
  before(words: string, work: () => Promise<unknown>): void {
    let done: Promise<unknown> | undefined;
    this.hold = {
      words,
      until: () => {
        done ??= work();
        return done;
      },
    };
  }

  private gate(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, pass) => {
        if (this.hold === undefined || !chunk.includes(this.hold.words)) return pass(null, chunk);
        this.hold.until().then(() => pass(null, chunk), pass);
      },
    });
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
