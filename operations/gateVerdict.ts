import { showableLines } from "../checks/logLines";
import { errorText } from "./failure";

/** What one check of the gate came to. */
export interface CheckVerdict {
  readonly name: string;
  readonly passed: boolean;
  /** What was seen, in one line. Holds no secret. */
  readonly evidence: string;
  /** How long the check took. */
  readonly milliseconds: number;
}

/** What a check that passed has seen, and found for later ones. */
interface Seen<T> {
  readonly evidence: string;
  readonly value?: T;
}

/** The time that is left for all checks together. */
export class Deadline {
  private readonly end: number;

  constructor(private readonly seconds: number) {
    this.end = performance.now() + seconds * 1000;
  }

  get isOver(): boolean {
    return performance.now() >= this.end;
  }

  /** Milliseconds that a step of at most `most` may take; throws an Error when there are none left. */
  left(most: number): number {
    if (this.isOver) throw new Error(`the time for all checks, ${this.seconds} s, is over`);
    return Math.min(most, Math.ceil(this.end - performance.now()));
  }
}

/** Runs checks and keeps what they come to; `secrets` never get into the evidence. */
export class Verdicts {
  readonly checks: CheckVerdict[] = [];

  constructor(private readonly secrets: readonly string[]) {}

  get passed(): boolean {
    return this.checks.every(({ passed }) => passed);
  }

  /**
   * Runs a check, which returns what it saw or throws what it missed.
   *
   * Gives the value that the check found for later ones; undefined when it failed.
   *
   * A check that cannot be run has failed as well: nobody knows then what it would have found.
   */
  async run<T>(name: string, check: () => Promise<Seen<T>>): Promise<T | undefined> {
    const start = performance.now();
    const end = () => Math.round(performance.now() - start);
    try {
      const { evidence, value } = await check();
      this.add(name, true, evidence, end());
      return value;
    } catch (error) {
      this.add(name, false, errorText(error), end());
      return undefined;
    }
  }

  /** Notes checks that make no sense any more, because another one failed. */
  skip(names: readonly string[], reason: string): void {
    for (const name of names) this.add(name, false, `not asked, because ${reason}`, 0);
  }

  private add(name: string, passed: boolean, evidence: string, milliseconds: number): void {
    const [line = ""] = showableLines(evidence.replaceAll("\n", " "), this.secrets, 1);
    this.checks.push({ name, passed, evidence: line, milliseconds });
  }
}
