import type Docker from "dockerode";
import { showableLines } from "../checks/logLines";

/** The last lines that a container has printed, running or not, without those that hold one of `secrets`. */
export async function lastLogLines(
  container: Docker.Container,
  count: number,
  secrets: readonly string[],
): Promise<string[]> {
  return showableLines(await lastLog(container, count), secrets, count);
}

/** The same as they were printed: whatever a program says, secrets included. */
export async function lastLog(container: Docker.Container, count: number): Promise<string> {
  const frames = await container.logs({ stdout: true, stderr: true, follow: false, tail: count });
  return withoutFrames(frames);
}

/** The text in the engine's stream format: before each chunk a header of 8 bytes, the last 4 its length. */
export function withoutFrames(stream: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= stream.length; ) {
    const end = at + 8 + stream.readUInt32BE(at + 4);
    parts.push(stream.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(parts).toString("utf8");
}
