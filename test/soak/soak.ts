/** What every soak is given. */
export interface SoakContext {
  /** Aborted when the run is interrupted: the work ends, and the soak cleans up. */
  readonly signal: AbortSignal;
  /** Tells the user what goes on. */
  readonly report: (line: string) => void;
}

/** Work that has to succeed many times in a row. */
export interface Soak {
  readonly name: string;
  /** One sentence for the help text. */
  readonly summary: string;
  /** How many times, when nobody says. */
  readonly count: number;
  readonly begin: (context: SoakContext) => Promise<SoakRun>;
}

export interface SoakRun {
  /** Does it once, as the seed says; gives what was done, in a sentence. Throws when it failed. */
  readonly once: (seed: number) => Promise<string | TimedPass>;
  /** Leaves nothing behind. */
  readonly end: () => Promise<void>;
}

/** What was done, with the time of its stages. */
export interface TimedPass {
  readonly what: string;
  /** Milliseconds by the stage's name, in their order. */
  readonly timings: Readonly<Record<string, number>>;
}
