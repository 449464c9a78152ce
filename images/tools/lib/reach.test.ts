import { once } from "node:events";
import { createServer as createWebServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";

describe("a station of the reachability proof", async () => {
  const { answer, listenersOf, reach, resultOf } = await import("./reach.mjs");
  const probe = { target: "127.0.0.1", family: 4, protocol: "tcp", ask: "identity" } as const;

  /** A port that nothing listens on any more. */
  async function closedPort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    return port;
  }

  test("is reached over TCP and UDP, and says who it is", async () => {
    const { tcp, udp } = await answer("station 1", "127.0.0.1");
    expect(await reach({ ...probe, port: tcp })).toEqual({ outcome: "OPEN", who: "station 1" });
    expect(await reach({ ...probe, port: udp, protocol: "udp" })).toEqual({
      outcome: "OPEN",
      who: "station 1",
    });
  });

  test("tells a refusal from an answer", async () => {
    const port = await closedPort();
    expect(await reach({ ...probe, port })).toEqual({ outcome: "REFUSED" });
    expect(await reach({ ...probe, port, protocol: "udp" })).toEqual({ outcome: "REFUSED" });
  });

  test("tells who answers by the cookies of a web server", async () => {
    const server = createWebServer((_, response) =>
      response.setHeader("set-cookie", ["doom-dev=1; Path=/", "b=2"]).end(),
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    expect(await reach({ ...probe, port, ask: "http" })).toEqual({
      outcome: "OPEN",
      who: "doom-dev b",
    });
    // What is no web server of this kind is reached all the same.
    expect(await reach({ ...probe, port, ask: "https" })).toEqual({ outcome: "OPEN" });
    server.close();
  });

  test("does not take a probe that failed by itself for a closed door", () => {
    const failure = (code: string) => resultOf(Object.assign(new Error("no"), { code }));
    expect(failure("EMFILE")).toEqual({ outcome: "ERROR", detail: "EMFILE: no" });
    expect(failure("EACCES").outcome).toBe("ERROR");
    expect(resultOf(new Error("no")).outcome).toBe("ERROR");
    expect(failure("ENETUNREACH")).toEqual({ outcome: "REFUSED", detail: "ENETUNREACH" });
    expect(failure("ETIMEDOUT")).toEqual({ outcome: "TIMEOUT" });
  });

  test("reads listeners as the kernel lists them, without loopback and connections", () => {
    const line = (local: string, state: string) => `   0: ${local} 00000000:0000 ${state} 0 0 0`;
    const table = [
      "  sl  local_address rem_address   st",
      line("00000000:20FB", "0A"),
      line("0100007F:1F90", "0A"),
      line("0200630A:1F90", "01"),
      line("0200630A:0016", "0A"),
      line("00000000000000000000000000000000:0050", "0A"),
      line("00000000000000000000000001000000:0051", "0A"),
      line("0000000000000000FFFF00000200630A:0052", "0A"),
    ].join("\n");
    expect(listenersOf(table)).toEqual([
      { address: "0.0.0.0", port: 8443 },
      { address: "10.99.0.2", port: 22 },
      { address: "::", port: 80 },
      { address: "::ffff:10.99.0.2", port: 82 },
    ]);
  });
});
