import type { WebSocket } from "ws";
import { firstControlType, firstMessage } from "../checks/editorMessages";
import {
  type Answer,
  EditorClient,
  type EditorConnection,
  editorSocketPath,
  isWayToLogin,
  isWorkbench,
} from "./editorClient";
import type { Verdicts } from "./gateVerdict";

/** What an editor has to do for a browser, asked as a browser asks it. */

export interface EditorChecksArgs {
  readonly verdicts: Verdicts;
  /** The address of the editor, with a slash at its end. */
  readonly url: string;
  readonly connection: EditorConnection;
  /** What the browser of somebody who has logged in sends along. */
  readonly cookies: ReadonlyMap<string, string>;
}

/** How many times `/` may lead on: once to the folder that was open last. */
const REDIRECTS = 2;

/**
 * Checks `login`, `workbench` and `websocket`, in this order.
 *
 * Asked once and not again and again: every request but `/healthz` counts as activity, and the one that
 * opens the workbench makes code-server write down its folder anew (`coder.json`).
 */
export async function checkEditor(args: EditorChecksArgs): Promise<void> {
  const { verdicts, url, connection } = args;
  let answered = false;
  await verdicts.run("login", async () => {
    const answer = await new EditorClient(url, connection).request("");
    answered = true;
    if (!isWayToLogin(answer))
      throw new Error(`/ without a login answered ${describe(answer)} instead of the way to it`);
    return { evidence: `/ without a login answered ${describe(answer)}` };
  });
  if (!answered) return verdicts.skip(["workbench", "websocket"], "the editor gave no answer");
  const owner = new EditorClient(url, connection);
  for (const [name, value] of args.cookies) owner.cookies.set(name, value);
  const page = await verdicts.run("workbench", () => openWorkbench(owner));
  if (page === undefined) return verdicts.skip(["websocket"], "there is no workbench");
  await verdicts.run("websocket", () => greet(owner, page, connection));
}

function describe({ status, headers }: Answer): string {
  return headers.location === undefined ? `${status}` : `${status} ${headers.location}`;
}

/** The workbench's page, which `/` leads to with a login. Throws an Error that says what came instead. */
export async function openWorkbench(owner: EditorClient) {
  let answer = await owner.request("");
  for (let left = REDIRECTS; left > 0 && isWayOn(answer); left -= 1)
    answer = await owner.request(answer.headers.location as string);
  if (isWayToLogin(answer))
    throw new Error("the login secret is not the one that the editor takes");
  if (!isWorkbench(answer))
    throw new Error(`/ with the login answered ${describe(answer)} instead of the workbench`);
  return { evidence: "/ with the login answered 200 with the workbench", value: answer.body };
}

function isWayOn(answer: Answer): boolean {
  return answer.status === 302 && answer.headers.location !== undefined && !isWayToLogin(answer);
}

async function greet(owner: EditorClient, page: string, { timeout }: EditorConnection) {
  const socket = await owner.openSocket(editorSocketPath(page));
  if (typeof socket === "number")
    throw new Error(`the WebSocket's upgrade was answered with ${socket} instead of 101`);
  try {
    const type = await firstAnswer(socket, timeout?.());
    if (type !== "sign") throw new Error(`VS Code answered the first message with "${type}"`);
    return { evidence: "the handshake's proof is right, and VS Code answers" };
  } finally {
    socket.terminate();
  }
}

/** Says VS Code's first message and returns the type of the answer. */
function firstAnswer(socket: WebSocket, milliseconds: number | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const fail = (problem: string) =>
      reject(new Error(`${problem} instead of an answer to VS Code's first message`));
    socket.on("message", (data: Buffer) => {
      received = Buffer.concat([received, data]);
      try {
        const type = firstControlType(received);
        if (type !== undefined) resolve(type);
      } catch (error) {
        reject(error);
      }
    });
    socket.once("error", reject);
    socket.once("close", (code) => fail(`the WebSocket closed with ${code}`));
    if (milliseconds !== undefined)
      setTimeout(
        () => fail(`silence of ${(milliseconds / 1000).toFixed(1)} s`),
        milliseconds,
      ).unref();
    socket.send(firstMessage());
  });
}
