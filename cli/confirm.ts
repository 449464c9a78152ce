import { createInterface } from "node:readline/promises";
import { Failure } from "../operations/failure";

/**
 * Asks for the stack's name before its data is deleted.
 *
 * Throws a {@link Failure} when another answer is given, or when there is nobody to ask.
 */
export async function confirmPurge(stack: string, volumes: readonly string[]): Promise<void> {
  requireTerminal("--purge deletes data and asks first, but there is no terminal.");
  const list = volumes.length > 0 ? volumes.join(", ") : "no volume";
  const answer = await ask(
    `This deletes ${stack} for good: ${list}, and its passwords.\nType ${stack} to go on: `,
  );
  if (answer !== stack) {
    throw new Failure("usage", `That was not ${stack}; nothing was deleted.`);
  }
}

/** Shows a plan and asks whether to go on. Throws like {@link confirmPurge}. */
export async function confirmPlan(plan: string): Promise<void> {
  requireTerminal("This shows what it will do and asks first, but there is no terminal.");
  const answer = await ask(`${plan}\n\nType yes to go on: `);
  if (answer !== "yes") throw new Failure("usage", "That was not yes; nothing was changed.");
}

function requireTerminal(summary: string): void {
  if (!process.stdin.isTTY)
    throw new Failure("usage", summary, { fix: "add --yes if you are sure" });
}

async function ask(question: string): Promise<string> {
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await questions.question(question)).trim();
  } finally {
    questions.close();
  }
}
