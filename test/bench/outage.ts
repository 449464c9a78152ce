import http from "node:http";
import { performance } from "node:perf_hooks";

/** A client that asks an address all the time, and when it got no answer. */

const EVERY_MS = 20;
const PATIENCE_MS = 1000;

/**
 * Does `work` while a client asks `url` fifty times a second, each time with a connection of its own.
 *
 * Gives the longest time between two good answers, milliseconds. `isGood` judges a status. Throws what `work`
 * throws, and an Error when there was no good answer before or after it.
 */
export async function longestOutage(
  url: string,
  isGood: (status: number) => boolean,
  work: () => Promise<unknown>,
): Promise<number> {
  const answers: number[] = [];
  const timer = setInterval(() => {
    const request = http.get(url, { agent: false, timeout: PATIENCE_MS }, (response) => {
      if (isGood(response.statusCode ?? 0)) answers.push(performance.now());
      response.resume();
    });
    request.on("timeout", () => request.destroy());
    // No answer is what is being counted.
    request.on("error", () => {});
  }, EVERY_MS);
  try {
    await settled(answers);
    await work();
    await settled(answers);
  } finally {
    clearInterval(timer);
  }
  const gaps = answers.slice(1).map((at, position) => at - (answers[position] as number));
  return Math.max(...gaps);
}

const SETTLED_MS = 60_000;

/** Waits for an answer that comes from now on. */
async function settled(answers: readonly number[]): Promise<void> {
  const begin = performance.now();
  while ((answers.at(-1) ?? 0) <= begin) {
    if (performance.now() - begin > SETTLED_MS) throw new Error("no good answer within a minute");
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
