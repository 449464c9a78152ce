import http from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { errorText } from "./failure";

/** Whether a server speaks the protocols that it has to, and refuses those that it must not speak. */

/** A server, by whatever leads to it. */
export interface ProtocolPlace {
  /** Opens a connection that carries bytes to it. */
  readonly connect: () => Promise<Duplex>;
  readonly tls: boolean;
  /** The path of a page that anybody may see. */
  readonly path: string;
}

const TIMEOUT_MS = 15_000;

/** A page over HTTP/1.1; gives what was seen. Throws an Error when it answers otherwise. */
export async function checkHttp(place: ProtocolPlace): Promise<string> {
  const connection = await open(place);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const { version, status } = await new Promise<{ version: string; status: number }>(
      (resolve, reject) => {
        const request = http.get({
          path: place.path,
          signal,
          createConnection: () => connection as Socket,
        });
        request.on("error", reject);
        request.on("response", (response) => {
          response.resume();
          resolve({ version: response.httpVersion, status: response.statusCode ?? 0 });
        });
      },
    );
    const seen = `HTTP/${version} ${status}`;
    if (version !== "1.1" || status !== 200) throw new Error(`${place.path} answered ${seen}`);
    return seen;
  } finally {
    connection.destroy();
  }
}

/**
 * A version of HTTP that cannot exist (RFC 9112 §2.3 has one digit); gives the refusal.
 *
 * One that could, such as 9.9, a server may answer with the highest that it has, and HAProxy does. Throws an Error
 * when there is no refusal.
 */
export async function refusesUnknownHttp(place: ProtocolPlace): Promise<string> {
  const connection = await open(place);
  try {
    connection.write(`GET ${place.path} HTTP/99.9\r\nHost: doom\r\n\r\n`);
    const line = await firstLine(connection);
    if (/^HTTP\/1\.[01] (400|505) /.test(line)) return `HTTP/99.9 refused: ${line}`;
    throw new Error(`HTTP/99.9 was answered with ${line || "silence"}`);
  } finally {
    connection.destroy();
  }
}

/** TLS 1.2 and 1.3 work, TLS 1.1 is refused by the server. Throws an Error when one is not so. */
export async function checkTls(place: ProtocolPlace): Promise<string> {
  const spoken = [];
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const connection = await handshake(place, { minVersion: version, maxVersion: version });
    spoken.push(connection.getProtocol());
    connection.destroy();
  }
  let old: string;
  try {
    const connection = await handshake(place, { minVersion: "TLSv1.1", maxVersion: "TLSv1.1" });
    old = `spoken (${connection.getProtocol()})`;
    connection.destroy();
  } catch (error) {
    // The server's own word; whatever else goes wrong says nothing about the server.
    if (/alert protocol version/i.test(errorText(error)))
      return `${spoken.join(", ")}; TLSv1.1 refused`;
    old = `not refused: ${errorText(error)}`;
  }
  throw new Error(`TLSv1.1 is ${old}`);
}

/** Offered HTTP/2 and HTTP/1.1 in a TLS handshake, the server takes what both speak. */
export async function negotiatesHttp(place: ProtocolPlace): Promise<string> {
  const connection = await handshake(place, { ALPNProtocols: ["h2", "http/1.1"] });
  const { alpnProtocol } = connection;
  connection.destroy();
  if (alpnProtocol !== "http/1.1") throw new Error(`ALPN chose ${alpnProtocol || "nothing"}`);
  return "ALPN chose http/1.1";
}

/** A connection on which HTTP can be spoken. */
export async function open(place: ProtocolPlace): Promise<Duplex> {
  return place.tls ? handshake(place, {}) : place.connect();
}

/** Who has made the certificate is no matter here: it is the environment's own. */
async function handshake(
  { connect }: ProtocolPlace,
  options: tls.ConnectionOptions,
): Promise<tls.TLSSocket> {
  const socket = (await connect()) as Socket;
  const connection = tls.connect({
    socket,
    rejectUnauthorized: false,
    // Else it is this side that refuses the old versions.
    ciphers: "DEFAULT@SECLEVEL=0",
    ...options,
  });
  const timer = setTimeout(() => connection.destroy(new Error("no answer in time")), TIMEOUT_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once("secureConnect", resolve).once("error", reject);
      connection.once("close", () => reject(new Error("closed within the handshake")));
    });
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return connection;
}

function firstLine(connection: Duplex): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const end = () => resolve(text.split("\r\n", 1)[0] as string);
    const timer = setTimeout(end, TIMEOUT_MS);
    connection.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.includes("\r\n")) end();
    });
    connection.once("end", end).once("error", reject);
    connection.once("close", () => clearTimeout(timer));
  });
}
