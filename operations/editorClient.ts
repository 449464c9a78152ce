import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";

/** An answer, redirects not followed. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Request {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
}

/** How an editor is reached. */
export interface EditorConnection {
  /** Opens what each request goes through; by default a connection to the URL's own address. */
  readonly connect?: () => Promise<Duplex>;
  /** How long an answer may take, in milliseconds. */
  readonly timeout?: () => number;
  /** Whether a certificate has to be signed by somebody who is trusted; true by default. */
  readonly rejectUnauthorized?: boolean;
}

const TIMEOUT_MS = 15_000;

/** A browser's part in talking to an editor, without the browser: keeps cookies, follows nothing. */
export class EditorClient {
  /** Cookies by name, as a browser would send them. */
  readonly cookies = new Map<string, string>();

  constructor(
    readonly url: string,
    private readonly connection: EditorConnection = {},
  ) {}

  /** One request; cookies go out and come in. Throws an Error when there is no answer in time. */
  async request(
    path: string,
    { method = "GET", headers = {}, body }: Request = {},
  ): Promise<Answer> {
    const url = new URL(path, this.url);
    const { request: send } = url.protocol === "https:" ? https : http;
    const milliseconds = this.timeout();
    const signal = AbortSignal.timeout(milliseconds);
    const options = { ...(await this.options(headers)), method, signal };
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const request = send(url, options, (response) => {
          this.keepCookies(response.headers);
          readAnswer(response).then(resolve, reject);
        });
        request.on("error", reject);
        request.end(body);
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw noAnswer(milliseconds);
    }
  }

  /**
   * Opens a WebSocket; gives the status instead when the server answers the upgrade with another
   * than 101.
   *
   * Throws an Error when there is no answer in time, or the handshake's proof (RFC 6455 §4.2.2) is
   * wrong: a proxy that says 101 by itself.
   */
  async openSocket(path: string): Promise<WebSocket | number> {
    const url = new URL(path, this.url);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, {
      ...(await this.options({})),
      origin: new URL(this.url).origin,
      // Compressed, an answer could not be told from its bytes alone.
      perMessageDeflate: false,
    });
    const milliseconds = this.timeout();
    let timer: NodeJS.Timeout | undefined;
    const opened = new Promise<WebSocket | number>((resolve, reject) => {
      // Not by the library's own limit: that asks the stream below for what only a socket can do.
      timer = setTimeout(() => {
        reject(noAnswer(milliseconds));
        socket.terminate();
      }, milliseconds);
      socket.once("error", reject);
      socket.once("open", () => resolve(socket));
      socket.once("unexpected-response", (request, response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
    });
    return opened.finally(() => clearTimeout(timer));
  }

  private timeout(): number {
    return this.connection.timeout?.() ?? TIMEOUT_MS;
  }

  private async options(headers: http.OutgoingHttpHeaders) {
    const { connect, rejectUnauthorized = true } = this.connection;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    // Any stream will do for Node's HTTP client; its types ask for a socket.
    const opened = (await connect?.()) as Socket | undefined;
    return {
      rejectUnauthorized,
      headers: { ...(cookie === "" ? {} : { cookie }), ...headers },
      ...(opened === undefined ? { agent: false as const } : { createConnection: () => opened }),
    };
  }

  private keepCookies(headers: http.IncomingHttpHeaders): void {
    for (const line of headers["set-cookie"] ?? []) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}

function noAnswer(milliseconds: number): Error {
  return new Error(`no answer within ${(milliseconds / 1000).toFixed(1)} s`);
}

async function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString("utf8");
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** Whether an answer sends a visitor to the login page. */
export function isWayToLogin({ status, headers }: Answer): boolean {
  return status === 302 && /^(\.\/|\/)?login(\?|$)/.test(headers.location ?? "");
}

/** Whether an answer is the workbench: the page that VS Code runs in. */
export function isWorkbench({ status, body }: Answer): boolean {
  return status === 200 && body.includes("vscode-workbench-web-configuration");
}

/** The address of the editor's WebSocket, from a workbench page; it holds the editor's commit. */
export function editorSocketPath(workbench: string): string {
  const base = /\b((?:stable|oss-dev)-[0-9a-f]{40})\//.exec(workbench)?.[1];
  if (base === undefined) throw new Error("the page is no workbench: it names no version's folder");
  const query = new URLSearchParams({
    reconnectionToken: crypto.randomUUID(),
    reconnection: "false",
    skipWebSocketFrames: "false",
  });
  return `${base}?${query}`;
}
