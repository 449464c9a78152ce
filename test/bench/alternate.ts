/** One of those that are compared: it does the same work in its own way. */
export interface Contestant {
  readonly name: string;
  /** One round: does the work from a fresh start and gives the times of its parts, in milliseconds. */
  readonly round: () => Promise<Readonly<Record<string, number>>>;
}

/** For each contestant, by name, and each part: its times, one a round. */
export type Timings = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>;

/**
 * Lets the contestants take turns, `rounds` times, and collects what each took.
 *
 * Every other round goes backwards: whatever grows warm or full in between favours nobody. `report`
 * is told about each turn.
 */
export async function alternate(
  contestants: readonly Contestant[],
  rounds: number,
  report: (line: string) => void,
): Promise<Timings> {
  const timings = new Map<string, Record<string, number[]>>(
    contestants.map(({ name }) => [name, {}]),
  );
  for (let round = 1; round <= rounds; round += 1) {
    const order = round % 2 === 1 ? contestants : [...contestants].reverse();
    for (const { name, round: run } of order) {
      const parts = Object.entries(await run());
      const collected = timings.get(name) as Record<string, number[]>;
      for (const [part, time] of parts) {
        collected[part] ??= [];
        collected[part].push(time);
      }
      const shown = parts.map(([part, time]) => `${part} ${(time / 1000).toFixed(2)} s`);
      report(`round ${round}/${rounds}, ${name}: ${shown.join(", ")}`);
    }
  }
  return timings;
}

/** The times of one part; throws when nobody measured it. */
export function timesOf(timings: Timings, contestant: string, part: string): readonly number[] {
  const times = timings.get(contestant)?.[part];
  if (times === undefined) throw new Error(`${contestant} was not timed at ${part}`);
  return times;
}
