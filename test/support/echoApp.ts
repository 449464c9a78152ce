import { engine, runIn } from "./dockerHost";

/** Where the app listens in the editor; any port does. */
const PORT = 9000;

/**
 * Somebody's app in the editor: answers `GET /` with a word and sends back each message of a WebSocket, by the
 * library that code-server brings.
 */
const APP = `
const { WebSocketServer } = require("/opt/code-server/node_modules/ws");
const server = require("node:http").createServer((request, response) => response.end("here"));
new WebSocketServer({ server }).on("connection", (socket) =>
  socket.on("message", (data, binary) => socket.send(data, { binary })));
server.listen(${PORT}, "127.0.0.1");`;

const START = `
set -euo pipefail
setsid node -e "$1" >/dev/null 2>&1 </dev/null &
for attempt in {1..100}; do
  (exec 3<>/dev/tcp/127.0.0.1/${PORT}) 2>/dev/null && exit 0
  sleep 0.1
done
echo "the app does not listen" >&2
exit 1`;

/** Starts it in the container of an editor and gives its path below the editor's address. */
export async function startEchoApp(container: string): Promise<string> {
  await runIn(container, ["bash", "-c", START, "app", APP], "1000:1000");
  return `proxy/${PORT}/`;
}

/** The address of a container on a network of its own, for who talks to it past the gateway. */
export async function addressOf(container: string, network: string): Promise<string> {
  const { NetworkSettings } = await engine.getContainer(container).inspect();
  const address = NetworkSettings.Networks[network]?.IPAddress;
  if (!address) throw new Error(`${container} has no address on ${network}`);
  return address;
}
