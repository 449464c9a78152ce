import { createInterface } from "node:readline/promises";
import { Failure } from "../operations/failure";

/**
 * Asks for the stack's name before its data is deleted.
 *
 * Throws a {@link Failure} when another answer is given, or when there is nobody to ask.
 */
export async function confirmPurge(stack: string, volumes: readonly string[]): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new Failure("usage", "--purge deletes data and asks first, but there is no terminal.", {
      fix: "add --yes if you are sure",
    });
  }
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const list = volumes.length > 0 ? volumes.join(", ") : "no volume";
    const answer = await questions.question(
      `This deletes ${stack} for good: ${list}, and its passwords.\nType ${stack} to go on: `,
    );
    if (answer.trim() !== stack) {
      throw new Failure("usage", `That was not ${stack}; nothing was deleted.`);
    }
  } finally {
    questions.close();
  }
}
