import http from "node:http";
import https from "node:https";

/** Requests of several users, one after the other for each, until they are told to end. */
export class Traffic {
  /** How many requests were answered with 200. */
  answers = 0;
  /** What came instead, with the user's cookie. */
  readonly failures: string[] = [];
  private ending = false;
  private readonly users: Promise<unknown>;

  /** `cookies`: one user each, as a browser sends them. */
  constructor(
    private readonly url: string,
    cookies: readonly string[],
  ) {
    this.users = Promise.all(cookies.map((cookie) => this.user(cookie)));
  }

  private get isSecure(): boolean {
    return this.url.startsWith("https:");
  }

  /** Waits for the last answers. */
  async end(): Promise<void> {
    this.ending = true;
    await this.users;
  }

  /** Over one connection that stays open, as a browser does it. */
  private async user(cookie: string): Promise<void> {
    // Certificates are not looked at here, since they are self-signed.
    const options = { keepAlive: true, maxSockets: 1, rejectUnauthorized: false };
    const agent = this.isSecure ? new https.Agent(options) : new http.Agent(options);
    while (!this.ending) {
      const answer = await this.ask(cookie, agent);
      if (answer === "200") this.answers += 1;
      else this.failures.push(`${cookie}: ${answer}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    agent.destroy();
  }

  /** The status, or what went wrong. */
  private ask(cookie: string, agent: http.Agent): Promise<string> {
    return new Promise((resolve) => {
      const options = { headers: { cookie }, agent, timeout: 15_000 };
      const request = (this.isSecure ? https : http).get(
        new URL("healthz", this.url),
        options,
        (response) => {
          response.resume().on("end", () => resolve(String(response.statusCode)));
          response.on("error", (error) => resolve(error.message));
        },
      );
      request.on("timeout", () => request.destroy(new Error("no answer within 15 s")));
      request.on("error", (error) => resolve(error.message));
    });
  }
}
