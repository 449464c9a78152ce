import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { type ProxyLine, parseStats } from "../checks/haproxyStats";
import { RUNTIME_PORT } from "../config/gateway";
import { connectInContainer } from "./containerExec";

/** The runtime interface of a gateway's HAProxy, which listens within its container only. */

/** HAProxy answers at once or hangs; what lies between it and us, the engine, takes its time on a busy host. */
const SECONDS = 30;

/** Runs commands, all in one connection, and gives what they print. Throws an Error without an answer. */
export async function askHaproxy(
  gateway: Docker.Container,
  commands: readonly string[],
): Promise<string> {
  const connection = await connectInContainer(gateway, RUNTIME_PORT);
  const late = new Error(`HAProxy did not answer within ${SECONDS} s`);
  const timer = setTimeout(() => connection.destroy(late), SECONDS * 1000);
  try {
    connection.write(`${commands.join(";")}\n`);
    return await text(connection);
  } finally {
    clearTimeout(timer);
    connection.destroy();
  }
}

/** Sessions and conditions of everything that it balances. */
export async function proxyStats(gateway: Docker.Container): Promise<ProxyLine[]> {
  // Of everything (-1), all types but frontends (6: backends 2, servers 4), every server (-1).
  return parseStats(await askHaproxy(gateway, ["show stat -1 6 -1"]));
}
