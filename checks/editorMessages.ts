/**
 * The first words of VS Code's remote protocol, which its browser side and its server exchange over
 * the WebSocket (microsoft/vscode, src/vs/base/parts/ipc/common/ipc.net.ts): a header of 13 bytes with
 * type, id, acknowledgement and length, then the content.
 */

const HEADER_BYTES = 13;
const LENGTH_AT = 9;
/** A message about the connection itself; its content is JSON. */
const CONTROL = 2;

/** What the browser side says first. The token is the one that stands for "none", as code-server has it. */
export function firstMessage(): Buffer {
  return controlMessage({ type: "auth", auth: "00000000000000000000", data: "" });
}

/** A control message with this content. */
export function controlMessage(content: object): Buffer {
  const body = Buffer.from(JSON.stringify(content));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(CONTROL, 0);
  header.writeUInt32BE(body.length, LENGTH_AT);
  return Buffer.concat([header, body]);
}

/**
 * The `type` of the first control message in what has come so far; undefined while it is not whole.
 *
 * A server that talks as VS Code does answers {@link firstMessage} with `sign`. Throws an Error when a
 * control message holds something else than JSON with a type.
 */
export function firstControlType(received: Buffer): string | undefined {
  const [first] = controlBodies(received);
  return first === undefined ? undefined : typeOf(first);
}

/** The contents of the control messages that have come whole. */
export function controlBodies(received: Buffer): Buffer[] {
  const bodies: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= received.length; ) {
    const end = at + HEADER_BYTES + received.readUInt32BE(at + LENGTH_AT);
    if (end > received.length) break;
    if (received.readUInt8(at) === CONTROL) bodies.push(received.subarray(at + HEADER_BYTES, end));
    at = end;
  }
  return bodies;
}

function typeOf(body: Buffer): string {
  try {
    const { type } = JSON.parse(body.toString("utf8")) as { type?: unknown };
    if (typeof type === "string") return type;
  } catch {
    // Said below, like JSON of another shape.
  }
  throw new Error("the first message is none of VS Code's");
}
