import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What an imitated environment does; a test changes it between requests. */
export interface FakeBehaviour {
  /** Passwords that the login takes, by the editor's name. */
  passwords: Record<string, string>;
  /** Whether sessions outlive a change of the password. */
  keepsSessions: boolean;
  /** Requests that are answered by somebody else than the editor, before it is there. */
  awayFor: number;
}

/**
 * The two parts of an environment that a login meets: the gateway's cookie, which names the editor, and
 * code-server's login page, whose session is bound to the password.
 */
export class FakeEditor {
  readonly behaviour: FakeBehaviour = { passwords: {}, keepsSessions: false, awayFor: 0 };
  readonly url: string;
  private readonly sessions = new Map<string, string>();

  private constructor(private readonly server: Server) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  static async start(): Promise<FakeEditor> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const editor = new FakeEditor(server);
    server.on("request", (request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const cookies = new URLSearchParams((request.headers.cookie ?? "").replaceAll("; ", "&"));
        const { status, headers } = editor.answer(request.url ?? "", body, cookies);
        response.writeHead(status, headers).end();
      });
    });
    return editor;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private answer(path: string, body: string, cookies: URLSearchParams) {
    if (this.behaviour.awayFor > 0) {
      this.behaviour.awayFor -= 1;
      // Another editor takes over, then there is none at all.
      return this.behaviour.awayFor % 2 === 0
        ? { status: 503, headers: {} }
        : { status: 200, headers: { "set-cookie": "doom-dev=code-server-9; path=/" } };
    }
    const password = this.behaviour.passwords[cookies.get("doom-dev") ?? ""];
    if (path === "/login") return this.login(password, new URLSearchParams(body).get("password"));
    const owner = this.sessions.get(cookies.get("session") ?? "");
    const open = owner !== undefined && (owner === password || this.behaviour.keepsSessions);
    return open
      ? { status: 200, headers: {} }
      : { status: 302, headers: { location: "./login?folder=x" } };
  }

  private login(password: string | undefined, given: string | null) {
    if (password === undefined || given !== password) return { status: 200, headers: {} };
    const session = randomUUID();
    this.sessions.set(session, password);
    return { status: 302, headers: { location: "./", "set-cookie": `session=${session}; path=/` } };
  }
}
