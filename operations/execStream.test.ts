import { expect, test } from "vitest";
import { type Frame, frames } from "./execStream";

function frame(output: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = output;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function read(chunks: readonly Buffer[]): Promise<string[]> {
  const all: Frame[] = [];
  async function* stream() {
    yield* chunks;
  }
  for await (const one of frames(stream())) all.push(one);
  return all.map(({ output, data }) => `${output}: ${data}`);
}

const BYTES = Buffer.concat([frame(1, "one"), frame(2, "two"), frame(1, ""), frame(1, "three")]);
const EXPECTED = ["stdout: one", "stderr: two", "stdout: ", "stdout: three"];

test("frames come out as they went in, however they are cut", async () => {
  expect(await read([BYTES])).toEqual(EXPECTED);
  const single = [...BYTES].map((byte) => Buffer.from([byte]));
  expect(await read(single)).toEqual(EXPECTED);
  expect(await read([])).toEqual([]);
});

test("a stream that ends within a frame is an error", async () => {
  await expect(read([BYTES.subarray(0, -1)])).rejects.toThrow("was cut off");
});
