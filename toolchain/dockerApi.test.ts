import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createSocket, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

describe("look at the Docker daemon", async () => {
  const { dockerEndpoint, inspectImage, lookAtDaemon } = await import("./dockerApi.mjs");
  let folder = "";
  let servers: Server[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "docker-api-"));
    servers = [];
  });
  afterEach(async () => {
    for (const server of servers) await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true });
  });

  async function listen(server: Server, where: string | number): Promise<void> {
    servers.push(server);
    await new Promise<void>((done) => server.listen(where as string, done));
  }
  const socket = () => ({ DOCKER_HOST: `unix://${join(folder, "docker.sock")}` });
  const serve = (listener: RequestListener) =>
    listen(createServer(listener), join(folder, "docker.sock"));

  test("DOCKER_HOST decides, else the default socket", () => {
    expect(dockerEndpoint({})).toBe("unix:///var/run/docker.sock");
    expect(dockerEndpoint({ DOCKER_HOST: "tcp://build:2375" })).toBe("tcp://build:2375");
  });

  test("its versions are read from a socket and over tcp", async () => {
    const answer: RequestListener = (_, response) =>
      response.end(JSON.stringify({ Version: "20.10.24", ApiVersion: "1.41" }));
    await serve(answer);
    const found = { state: "answers", version: "20.10.24", apiVersion: "1.41" };
    expect(await lookAtDaemon(socket())).toMatchObject(found);
    const tcp = createServer(answer);
    await listen(tcp, 0);
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${(tcp.address() as AddressInfo).port}` };
    expect(await lookAtDaemon(env)).toMatchObject(found);
  });

  test("nobody there, nobody listening, no daemon behind it and a wrong address are told apart", async () => {
    expect(await lookAtDaemon(socket())).toMatchObject({ state: "absent" });
    expect(await lookAtDaemon({ DOCKER_HOST: "tcp://127.0.0.1:1" })).toMatchObject({
      state: "absent",
    });
    expect(await lookAtDaemon({ DOCKER_HOST: "carrier-pigeon://roof" })).toMatchObject({
      state: "broken",
      message: "DOCKER_HOST=carrier-pigeon://roof is not an address of a Docker daemon",
    });
    await serve((_, response) => response.writeHead(500).end('{"message":"shutting down"}'));
    expect(await lookAtDaemon(socket())).toMatchObject({
      state: "broken",
      message: 'answers with status 500: {"message":"shutting down"}',
    });
  });

  test("one that accepts and never answers is given up", async () => {
    const silent = createSocket((connection) => connection.resume());
    await listen(silent, join(folder, "docker.sock"));
    const since = performance.now();
    const found = await lookAtDaemon(socket(), 300);
    expect(found).toMatchObject({ state: "silent", message: "no answer within 0.3 s" });
    expect(performance.now() - since).toBeLessThan(2000);
  });

  test("an image is there, is not there, or cannot be asked for", async () => {
    await serve((request, response) => {
      if (request.url === "/images/doom-coding%2Fbase%3Ax-r1/json") {
        response.end(JSON.stringify({ Id: "sha256:1", Config: { Labels: { a: "b" } } }));
      } else if (request.url?.includes("unlabelled")) {
        response.end(JSON.stringify({ Id: "sha256:2", Config: null }));
      } else {
        response.writeHead(request.url?.includes("broken") ? 500 : 404).end("{}");
      }
    });
    const expected = { id: "sha256:1", labels: { a: "b" } };
    expect(await inspectImage(socket(), "doom-coding/base:x-r1")).toEqual(expected);
    expect(await inspectImage(socket(), "unlabelled")).toEqual({ id: "sha256:2", labels: {} });
    expect(await inspectImage(socket(), "absent")).toBeUndefined();
    await expect(inspectImage(socket(), "broken")).rejects.toThrow("Docker answers 500");
  });
});
