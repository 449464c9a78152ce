import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { portState } from "./portOwner";

let server: Server | undefined;
afterEach(() => server?.close());

function listen(host: string): Promise<number> {
  const opened = createServer();
  server = opened;
  return new Promise((resolve, reject) => {
    opened.once("error", reject);
    opened.listen(0, host, () => resolve((opened.address() as { port: number }).port));
  });
}

describe("portState", () => {
  it.each(["127.0.0.1", "0.0.0.0"])("names the process that listens on %s", async (host) => {
    const port = await listen(host);
    const state = await portState("127.0.0.1", port);
    expect(state).toEqual({
      kind: "taken",
      owner: expect.stringMatching(new RegExp(`\\(pid ${process.pid}\\)$`)),
    });
  });

  it("finds a port free again, and leaves it free itself", async () => {
    const port = await listen("127.0.0.1");
    await new Promise((resolve) => server?.close(resolve));
    expect(await portState("127.0.0.1", port)).toEqual({ kind: "free" });
    expect(await portState("127.0.0.1", port)).toEqual({ kind: "free" });
  });

  it("knows an address that is not this host's", async () => {
    // RFC 5737: an address for documentation, which no host has.
    expect(await portState("192.0.2.1", 8443)).toEqual({ kind: "noSuchAddress" });
  });
});
