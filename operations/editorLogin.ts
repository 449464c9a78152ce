import http from "node:http";
import https from "node:https";
import { errorText, Failure } from "./failure";

/** Logging in to an editor through its environment's gateway, as a browser does. */

/** Where an environment is reached, and the certificate that proves that it is this one. */
export interface GatewayPlace {
  readonly stack: string;
  readonly url: string;
  /** PEM text, for an https address; nothing is sent to whoever cannot present it. */
  readonly certificate?: string;
}

/** The cookies of a login, by name. */
export type EditorSession = ReadonlyMap<string, string>;

/** The page that people end on after a login; `/` alone redirects everybody. */
const WORKBENCH = "?folder=/config/workspace";

/**
 * Logs in to the editor called `editor` (`code-server-1`); undefined when the password is refused.
 *
 * Throws a {@link Failure} when that editor does not answer.
 */
export async function logIn(
  place: GatewayPlace,
  editor: string,
  password: string,
): Promise<EditorSession | undefined> {
  const body = new URLSearchParams({ base: ".", href: `${place.url}login`, password }).toString();
  const answer = await ask(place, editor, { method: "POST", path: "login", body });
  if (answer.status === 302) return answer.cookies;
  if (answer.status === 200) return undefined;
  throw unexpected(place, editor, `answered a login with ${answer.status}`);
}

/** Whether the workbench of `editor` opens with `session`, instead of the login page. */
export async function isOpen(
  place: GatewayPlace,
  editor: string,
  session: EditorSession,
): Promise<boolean> {
  const { status, location } = await ask(place, editor, { path: WORKBENCH, cookies: session });
  if (status === 200) return true;
  if (status === 302 && /^\.\/login(\?|$)/.test(location)) return false;
  throw unexpected(place, editor, `answered with ${status} instead of the workbench or the login`);
}

interface Question {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly cookies?: EditorSession;
}

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly cookies: Map<string, string>;
}

/** The gateway sees a new editor after a second or two; a busy host takes longer. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 250;
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * Asks until it is `editor` itself that answers.
 *
 * The gateway answers 503 while the visitor's editor is away. One of another making may hand the visitor to
 * another editor instead, and says so by changing the cookie that names the editor.
 */
async function ask(place: GatewayPlace, editor: string, question: Question): Promise<Answer> {
  const sticky = `doom-${place.stack}`;
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const cookies = new Map([...(question.cookies ?? []), [sticky, editor]]);
    const answer = await tryOnce(place, { ...question, cookies });
    if (typeof answer !== "string" && answer.status !== 503 && !answer.cookies.has(sticky)) {
      return answer;
    }
    if (Date.now() > end) {
      const seen = typeof answer === "string" ? answer : "another editor, or none, answered";
      throw unexpected(place, editor, `cannot be reached: ${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** One request; the text of what went wrong when the connection fails. */
function tryOnce(place: GatewayPlace, question: Question): Promise<Answer | string> {
  const { method = "GET", path, body = "", cookies = new Map() } = question;
  const options = {
    method,
    agent: false as const,
    timeout: ANSWER_TIMEOUT_MS,
    headers: {
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      "content-type": "application/x-www-form-urlencoded",
      "content-length": Buffer.byteLength(body),
    },
    ...(place.certificate === undefined ? {} : { ca: place.certificate }),
  };
  const url = new URL(path, place.url);
  return new Promise((resolve) => {
    const client = url.protocol === "https:" ? https : http;
    const request = client.request(url, options, (response) => {
      response.resume();
      resolve({
        status: response.statusCode ?? 0,
        location: response.headers.location ?? "",
        cookies: cookiesOf(response.headers["set-cookie"] ?? []),
      });
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", (error) => resolve(errorText(error)));
    request.end(body);
  });
}

function cookiesOf(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.map((line) => {
      const pair = line.split(";", 1)[0] as string;
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function unexpected({ url, stack }: GatewayPlace, editor: string, what: string): Failure {
  return new Failure("unhealthy", `The editor ${editor} of ${stack} (${url}) ${what}.`, {
    fix: `see how it is doing: npx doom status ${stack}`,
  });
}
