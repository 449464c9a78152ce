import http from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import tls from "node:tls";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkHttp, checkTls, negotiatesHttp, refusesUnknownHttp } from "./protocolChecks";

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

let pems: { private: string; cert: string };
beforeAll(async () => {
  pems = await generate([{ name: "commonName", value: "stub" }]);
});

async function place(server: Server, isTls = false) {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { connect: async () => connect(port, "127.0.0.1"), tls: isTls, path: "/healthz" };
}

/** Says one thing to everybody. */
const stub = (text: string) =>
  createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(text));
  });

function secure(options: tls.TlsOptions) {
  return tls
    .createServer({ key: pems.private, cert: pems.cert, ...options }, (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    })
    .on("tlsClientError", () => {});
}

describe("HTTP", () => {
  const real = () => http.createServer((_, response) => response.end("ok"));

  it("is 1.1 with a page, and an impossible version is refused", async () => {
    expect(await checkHttp(await place(real()))).toBe("HTTP/1.1 200");
    expect(await refusesUnknownHttp(await place(real()))).toMatch(
      /^HTTP\/99\.9 refused: HTTP\/1\.1 400/,
    );
  });

  it.each([
    ["HTTP/1.0 200 OK\r\n\r\n", "/healthz answered HTTP/1.0 200"],
    ["HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "/healthz answered HTTP/1.1 503"],
    ["SSH-2.0-stub\r\n", "Parse Error"],
    ["", "socket hang up"],
  ])("is not what a stub says: %j", async (text, problem) => {
    await expect(checkHttp(await place(stub(text)))).rejects.toThrow(problem);
  });

  it.each([
    ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/99.9 was answered with HTTP/1.1 200 OK"],
    ["", "HTTP/99.9 was answered with silence"],
  ])("does not take an unsupported version for refused: %j", async (text, problem) => {
    await expect(refusesUnknownHttp(await place(stub(text)))).rejects.toThrow(problem);
  });

  it("is asked for through TLS as well", async () => {
    expect(await checkHttp(await place(secure({}), true))).toBe("HTTP/1.1 200");
  });
});

describe("TLS", () => {
  it("is 1.2 and 1.3 and not 1.1, refused by the server", async () => {
    expect(await checkTls(await place(secure({ minVersion: "TLSv1.2" }), true))).toBe(
      "TLSv1.2, TLSv1.3; TLSv1.1 refused",
    );
  });

  it("is not enough when 1.1 works", async () => {
    const old = secure({ minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" });
    await expect(checkTls(await place(old, true))).rejects.toThrow("TLSv1.1 is spoken (TLSv1.1)");
  });

  it("is not there where 1.3 is missing, or no TLS at all", async () => {
    const plain = stub("HTTP/1.1 400 Bad Request\r\n\r\n");
    await expect(checkTls(await place(plain, true))).rejects.toThrow();
    const older = secure({ minVersion: "TLSv1.2", maxVersion: "TLSv1.2" });
    await expect(checkTls(await place(older, true))).rejects.toThrow(/protocol version/i);
  });

  it("agrees on HTTP/1.1 for who offers HTTP/2 too, and only says so when it has", async () => {
    const speaks = await place(secure({ ALPNProtocols: ["http/1.1"] }), true);
    expect(await negotiatesHttp(speaks)).toBe("ALPN chose http/1.1");
    const silent = await place(secure({}), true);
    await expect(negotiatesHttp(silent)).rejects.toThrow("ALPN chose nothing");
  });
});
