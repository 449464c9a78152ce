import type { WebSocket } from "ws";
import { controlBodies, controlMessage, firstMessage } from "../../checks/editorMessages";
import type { EditorClient } from "./editorClient";

/**
 * The session that a window has with VS Code's server: it outlives its connection, and the window comes back to
 * it by its token (microsoft/vscode, src/vs/server/node/remoteExtensionHostAgentServer.ts).
 */

/** The connection of a window that files, terminals and settings go through. */
const MANAGEMENT = 1;
const PATIENCE_MS = 15_000;

interface Answer {
  readonly type: string;
  readonly data?: string;
  /** Why the server refuses. */
  readonly reason?: string;
}

/**
 * Opens a session at an address that `editorSocketPath` has made, or goes on with it ({@link resumed}).
 *
 * Throws an Error with the server's reason when it refuses.
 */
export async function openSession(client: EditorClient, path: string): Promise<WebSocket> {
  const socket = await client.openSocket(path);
  if (typeof socket === "number") throw new Error(`the upgrade was answered with ${socket}`);
  try {
    const answers = answersOf(socket);
    socket.send(firstMessage());
    const { data: signedData } = await answers(0, "sign");
    const commit = /-([0-9a-f]{40})\?/.exec(path)?.[1];
    const message = { type: "connectionType", commit, signedData };
    socket.send(controlMessage({ ...message, desiredConnectionType: MANAGEMENT }));
    await answers(1, "ok");
    return socket;
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

/** The address that goes on with the session of another address. */
export const resumed = (path: string) => path.replace("reconnection=false", "reconnection=true");

/** Waits for the control message of that number, which has to be of that type. */
function answersOf(socket: WebSocket): (number: number, type: string) => Promise<Answer> {
  let received = Buffer.alloc(0);
  socket.on("message", (data: Buffer) => {
    received = Buffer.concat([received, data]);
  });
  return async (number, type) => {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
      const body = controlBodies(received)[number];
      if (body !== undefined) {
        const answer = JSON.parse(body.toString("utf8")) as Answer;
        if (answer.type !== type) throw new Error(answer.reason ?? `it said ${answer.type}`);
        return answer;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`the editor did not say ${type}`);
  };
}
