import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Failure } from "../operations/failure";

/** Where a secret is read from, and where questions go: `process.stdin`, `process.stderr`. */
export interface SecretStreams {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/** Enough for the check of a value to say how much too long it is. */
const MAX_INPUT_BYTES = 4 * 1024 * 1024;

/**
 * Reads a secret: everything from a pipe or a file, without the one newline at its end; from a terminal by
 * two hidden prompts. `what` completes "New password of …".
 *
 * Throws a {@link Failure} when the two differ, or when the user gives up.
 */
export async function readSecret(
  what: string,
  streams: SecretStreams = { input: process.stdin, output: process.stderr },
): Promise<string> {
  if (!streams.input.isTTY) return readAll(streams.input);
  const [first, second] = await askHidden(
    [`New ${what} (not shown): `, "The same again: "],
    streams,
  );
  if (first !== undefined && first === second) return first;
  throw new Failure("usage", "The two were not the same; nothing was changed.");
}

async function readAll(input: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > MAX_INPUT_BYTES) {
      throw new Failure("usage", `Standard input holds more than ${MAX_INPUT_BYTES} bytes.`, {
        fix: "give it the secret alone",
      });
    }
  }
  // What is not UTF-8 becomes U+FFFD, which no secret may hold.
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

/** The answers to `questions`. One reader for all of them: it may have read on when the first is answered. */
async function askHidden(
  questions: readonly string[],
  { input, output }: SecretStreams,
): Promise<string[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Told that it is a terminal, it edits the line itself and echoes it into `nowhere`.
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  const typed = lines[Symbol.asyncIterator]();
  const answers: string[] = [];
  try {
    for (const question of questions) {
      output.write(question);
      const { value, done } = await typed.next();
      output.write("\n");
      // Ctrl-C and Ctrl-D end the reader.
      if (done) throw new Failure("interrupted", "Interrupted; nothing was changed.");
      answers.push(value);
    }
    return answers;
  } finally {
    lines.close();
  }
}
