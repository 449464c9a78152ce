import { setTimeout as wait } from "node:timers/promises";
import type { WebSocket } from "ws";
import { startEchoApp } from "../support/echoApp";
import { EditorClient } from "../support/editorClient";
import { type LiveProject, startProject } from "../support/liveProject";
import type { Soak, SoakContext, SoakRun } from "./soak";

const MINUTES = 30;

/** The WebSocket of an app in an editor, through gateway and code-server, on which nobody says anything. */
export const idleWebSocketSoak: Soak = {
  name: "idle-websocket",
  summary: `a WebSocket through the gateway that carries not a byte for ${MINUTES} minutes`,
  count: 1,
  begin,
};

async function begin({ signal, report }: SoakContext): Promise<SoakRun> {
  const project = await startProject({
    idle: { resources: { cpus: 0.25, memory: "320MiB" } },
  });
  try {
    await project.environment("idle").up();
    return { once: () => stayIdle(project, signal, report), end: () => project.dispose() };
  } catch (error) {
    await project.dispose();
    throw error;
  }
}

async function stayIdle(
  project: LiveProject,
  signal: AbortSignal,
  report: SoakContext["report"],
): Promise<string> {
  const { url, instances, passwords } = await project.environment("idle").outputs();
  const app = await startEchoApp(instances[0]?.container ?? "");
  const visitor = new EditorClient(url);
  await visitor.login(passwords["1"] ?? "");
  const socket = await visitor.openSocket(app);
  if (typeof socket === "number") throw new Error(`the WebSocket was answered with ${socket}`);
  await ask(socket, "before");
  let bytes = 0;
  let closed: string | undefined;
  // Below the WebSocket: the library answers pings without a word.
  const below = (socket as unknown as { _socket: import("node:net").Socket })._socket;
  const before = below.bytesRead + below.bytesWritten;
  socket.once("close", (code) => {
    closed = `the connection was closed with ${code}`;
  });
  for (let minute = 1; minute <= MINUTES && closed === undefined; minute += 1) {
    await wait(60_000, undefined, { signal });
    if (minute % 5 === 0) report(`${minute} of ${MINUTES} minutes`);
  }
  bytes = below.bytesRead + below.bytesWritten - before;
  if (closed !== undefined) throw new Error(closed);
  if (bytes !== 0) throw new Error(`it was not idle: ${bytes} bytes went over it`);
  await ask(socket, "after");
  socket.close();
  return `open and idle for ${MINUTES} minutes, and then answered`;
}

/** Sends a word and waits for the same word. */
function ask(socket: WebSocket, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer to "${word}"`)), 15_000);
    socket.once("message", (data) => {
      clearTimeout(timer);
      if (String(data) === word) resolve();
      else reject(new Error(`"${String(data)}" instead of "${word}"`));
    });
    socket.send(word);
  });
}
