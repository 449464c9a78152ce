import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";
import { type Cidr, overlaps, parseCidrLoosely } from "../../checks/cidr";
import { rangesOfNetworks } from "../../checks/subnets";
import { dockerFacts } from "../../operations/dockerHost";
import { errorCode } from "../../operations/failure";

/** 10.99.100.0/24 to 10.99.199.0/24: no environment of the repository has them. */
const FIRST = 100;
const RANGES = 100;

/**
 * An address range that no other test on this machine gets as long as it is held.
 *
 * Minutes lie between the choice of a range and the network that Docker makes of it, so that to look at Docker's
 * networks is not enough. The lease is a Unix socket without a file (unix(7), "abstract"): the kernel gives a name to
 * one process only, and takes it back when that ends, however it does.
 */
export class RangeLease {
  private constructor(
    /** As `a.b.c.d/n`. */
    readonly cidr: string,
    private readonly socket: Server,
  ) {}

  /**
   * Takes a range that nobody has, and nothing on the Docker host uses: what a killed run has left there stays
   * longer than its lease. Throws when there is none.
   */
  static async take(candidates: readonly string[] = inAnyOrder()): Promise<RangeLease> {
    for (const cidr of candidates) {
      const socket = await hold(leaseName(cidr));
      if (socket === undefined) continue;
      const lease = new RangeLease(cidr, socket);
      // Only now: its last holder has removed its networks before it let go.
      if (!(await isUsed(cidr))) return lease;
      await lease.release();
    }
    throw new Error(`no free range in ${candidates[0]} and the ${candidates.length - 1} after it`);
  }

  /** When nothing on the Docker host uses it any more. */
  async release(): Promise<void> {
    await new Promise((done) => this.socket.close(done));
  }
}

/** The name of the socket, the same for all. */
export function leaseName(cidr: string): string {
  return `doom-test-range-${cidr}`;
}

/** From a random one on, so that many who look at once do not all try the same. */
function inAnyOrder(): string[] {
  const start = randomInt(RANGES);
  return Array.from(
    { length: RANGES },
    (_, step) => `10.99.${FIRST + ((start + step) % RANGES)}.0/24`,
  );
}

/** Undefined when another process, or this one, has the name. */
function hold(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) =>
      errorCode(error) === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    // No test ends later because of it.
    server.listen(`\0${name}`, () => resolve(server)).unref();
  });
}

async function isUsed(cidr: string): Promise<boolean> {
  const range = parseCidrLoosely(cidr) as Cidr;
  const { networks } = await dockerFacts();
  return rangesOfNetworks(networks, "").some((used) => overlaps(used.cidr, range));
}
