import { createHash, randomBytes, randomUUID } from "node:crypto";
import http from "node:http";
import https from "node:https";

/** An answer of the gateway, redirects not followed. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Request {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
}

/** The address that a browser ends on after the login. */
export const WORKBENCH = "?folder=/config/workspace";

const TIMEOUT_MILLISECONDS = 15_000;

/**
 * A browser's part in talking to an environment, without the browser: keeps cookies, follows nothing.
 *
 * Certificates are not checked here, since they are self-signed; the tests look at them on their own.
 */
export class EditorClient {
  /** Cookies by name, as a browser would send them. */
  readonly cookies = new Map<string, string>();

  constructor(readonly url: string) {}

  /** One request; cookies go out and come in. */
  async request(
    path: string,
    { method = "GET", headers = {}, body }: Request = {},
  ): Promise<Answer> {
    const request = this.open(path, method, headers);
    const answer = new Promise<Answer>((resolve, reject) => {
      request.on("error", reject);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          this.keepCookies(response.headers);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString("utf8"),
          });
        });
      });
    });
    request.end(body);
    return answer;
  }

  /** Sends the login form as the page does. */
  login(password: string): Promise<Answer> {
    const body = new URLSearchParams({ base: ".", href: `${this.url}login`, password }).toString();
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "content-length": Buffer.byteLength(body),
    };
    return this.request("login", { method: "POST", headers, body });
  }

  /**
   * Whether this visitor gets the workbench (200) rather than the way to the login page (302).
   *
   * The folder is named because `/` alone answers with a redirect to it, too.
   */
  async getsIn(): Promise<boolean> {
    const { status, headers, body } = await this.request(WORKBENCH);
    if (status === 200 && body.includes("vscode-workbench-web-configuration")) return true;
    if (status === 302 && /^\.\/login(\?|$)/.test(headers.location ?? "")) return false;
    throw new Error(`neither workbench nor login: ${status} ${headers.location ?? body}`);
  }

  /**
   * The status that the editor's WebSocket address answers an upgrade with; 101 is a handshake.
   *
   * Throws when the handshake's proof (RFC 6455 §4.2.2) is wrong: a proxy that says 101 by itself.
   */
  async handshake(path: string): Promise<number> {
    const key = randomBytes(16).toString("base64");
    const request = this.open(path, "GET", {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
      origin: new URL(this.url).origin,
    });
    const status = new Promise<number>((resolve, reject) => {
      request.on("error", reject);
      request.on("response", (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on("upgrade", (response, socket) => {
        socket.destroy();
        const proof = createHash("sha1")
          .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest("base64");
        if (response.headers["sec-websocket-accept"] === proof) resolve(response.statusCode ?? 0);
        else reject(new Error("the upgrade was answered without the proof of the key"));
      });
    });
    request.end();
    return status;
  }

  private open(path: string, method: string, headers: http.OutgoingHttpHeaders) {
    const url = new URL(path, this.url);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const options = {
      method,
      agent: false as const,
      rejectUnauthorized: false,
      timeout: TIMEOUT_MILLISECONDS,
      headers: { ...(cookie === "" ? {} : { cookie }), ...headers },
    };
    const request =
      url.protocol === "https:" ? https.request(url, options) : http.request(url, options);
    request.on("timeout", () => request.destroy(new Error(`${url.href}: no answer in time`)));
    return request;
  }

  private keepCookies(headers: http.IncomingHttpHeaders): void {
    for (const line of headers["set-cookie"] ?? []) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}

/** The address of the editor's WebSocket, from a workbench page; it holds the editor's commit. */
export function editorSocketPath(workbench: string): string {
  const base = /\b((?:stable|oss-dev)-[0-9a-f]{40})\//.exec(workbench)?.[1];
  if (base === undefined) throw new Error("the page is no workbench: it names no version's folder");
  const query = new URLSearchParams({
    reconnectionToken: randomUUID(),
    reconnection: "false",
    skipWebSocketFrames: "false",
  });
  return `${base}?${query}`;
}
