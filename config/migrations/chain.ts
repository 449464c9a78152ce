import { type Change, type Configuration, Draft, type Step } from "./step";

/** One step that was taken, and what it did. */
export interface TakenStep {
  readonly step: Step;
  readonly changes: readonly Change[];
}

/** A configuration at the chain's last version, and how it got there. */
export interface Migration {
  readonly configuration: Configuration;
  readonly taken: readonly TakenStep[];
}

/**
 * Steps from the oldest version to the newest, each beginning where the one before it ended.
 *
 * The type of {@link next} and its check at run time let nothing else come about, and {@link migrate}
 * only ever takes all the steps that are left: none can be left out.
 */
export class Chain<End extends string = string> {
  private constructor(
    /** All versions, the oldest first. */
    readonly versions: readonly string[],
    readonly steps: readonly Step[],
  ) {}

  /** A chain of no step yet. */
  static from<Version extends string>(version: Version): Chain<Version> {
    return new Chain([version], []);
  }

  /** The newest version. */
  get end(): End {
    return this.versions.at(-1) as End;
  }

  /** The chain with one more step. Throws when it begins elsewhere or leads back. */
  next<To extends string>(step: Step<End, To>): Chain<To> {
    if (step.from !== this.end) {
      throw new Error(`the step from ${step.from} to ${step.to} does not begin at ${this.end}`);
    }
    if (this.versions.includes(step.to)) {
      throw new Error(`the step from ${step.from} leads back to ${step.to}`);
    }
    return new Chain([...this.versions, step.to], [...this.steps, step]);
  }

  /** Takes every step from the version `from` on. Throws when there is no such version. */
  migrate(configuration: Configuration, from: string): Migration {
    const first = this.versions.indexOf(from);
    if (first < 0) throw new Error(`${from} is none of ${this.versions.join(", ")}`);
    let current = configuration;
    const taken = this.steps.slice(first).map((step) => {
      const draft = new Draft(current);
      step.forward(draft);
      const { configuration: result, changes } = draft.result;
      current = result;
      return { step, changes };
    });
    return { configuration: current, taken };
  }
}
