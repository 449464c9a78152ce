/**
 * The engine's stream of a program without a terminal: each frame has a header of 8 bytes, whose first
 * says which output it is of and whose last 4 how long it is.
 *
 * dockerode's own reader writes into streams without waiting for them, so that what is read faster than
 * it is used piles up in memory; here the reader sets the pace.
 */

export interface Frame {
  readonly output: "stdout" | "stderr";
  readonly data: Buffer;
}

const HEADER = 8;
const STDERR = 2;

/** Takes the stream apart, waiting for who reads. Throws when it ends within a frame. */
export async function* frames(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = frameEnd(rest); end !== undefined; end = frameEnd(rest)) {
      yield {
        output: rest[0] === STDERR ? "stderr" : "stdout",
        data: rest.subarray(HEADER, end),
      };
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new Error("the stream from Docker was cut off");
}

/** Where the first frame ends; undefined while it is not all there. */
function frameEnd(data: Buffer): number | undefined {
  if (data.length < HEADER) return undefined;
  const end = HEADER + data.readUInt32BE(4);
  return data.length < end ? undefined : end;
}
