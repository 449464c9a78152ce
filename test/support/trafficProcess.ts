import { setTimeout as wait } from "node:timers/promises";
import { Traffic } from "./traffic";

/**
 * {@link Traffic} from a process of its own: one user at each of the addresses on its command line.
 *
 * Prints {@link BEGUN} when each has had an answer, and on SIGTERM a {@link TrafficResult} for each.
 */
export interface TrafficResult {
  readonly url: string;
  /** How many requests were answered with 200. */
  readonly answers: number;
  /** What came instead. */
  readonly failures: readonly string[];
}

export const BEGUN = "begun";

async function main(urls: readonly string[]): Promise<void> {
  const told = new Promise((resolve) => process.once("SIGTERM", resolve));
  const all = urls.map((url) => ({ url, traffic: new Traffic(url, [""]) }));
  while (all.some(({ traffic }) => traffic.answers === 0)) await wait(20);
  process.stdout.write(`${BEGUN}\n`);
  await told;
  await Promise.all(all.map(({ traffic }) => traffic.end()));
  const results: TrafficResult[] = all.map(({ url, traffic: { answers, failures } }) => ({
    url,
    answers,
    failures,
  }));
  process.stdout.write(`${JSON.stringify(results)}\n`);
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`traffic: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
