import type { Problem } from "../checks/rules/facts";
import { type Configuration, readConfiguration } from "./configuration";
import { readPromotionRecord } from "./promotionRecord";
import type { Level, Rule, StackFacts } from "./rules/rule";
import { factsOf, OBSERVED_TYPES, type Observed, type Placed } from "./stackFacts";

/** A problem of a rule that is only advised; they are summed up at the end of a run. */
export interface Advice {
  readonly rule: Rule;
  /** Logical name of the resource. */
  readonly resource: string;
  readonly problem: Problem;
}

/** A value on which a rule could not decide. */
export interface Open {
  readonly rule: Rule;
  /** Logical name and URN; empty for a rule about the whole stack. */
  readonly resource: string;
  readonly urn: string;
  readonly path: string;
}

/** What one run of the engine tells the pack, in the order in which it does. */
export class Session {
  private configuration: Configuration;
  private readonly observed = new Map<string, Observed>();
  private advice: Advice[] = [];
  private open: Open[] = [];

  constructor(readonly rules: readonly Rule[]) {
    this.configuration = this.read({}, "");
  }

  /** Takes the configuration of the pack. Throws a ConfigError that names every wrong key. */
  configure(given: unknown, stack: string): void {
    this.configuration = this.read(given, stack);
  }

  private read(given: unknown, stack: string): Configuration {
    const today = new Date().toISOString().slice(0, 10);
    return readConfiguration(given, { rules: this.rules, stack, today });
  }

  get settings(): Configuration {
    return this.configuration;
  }

  levelOf(rule: Rule): Level {
    return this.configuration.levels.get(rule.name) ?? rule.levels.prod;
  }

  /** Keeps the inputs of a resource for the rules about the whole stack. */
  observe(urn: string, resource: Observed): void {
    this.observed.set(urn, resource);
  }

  isObserved(type: string): boolean {
    return OBSERVED_TYPES.includes(type);
  }

  stackFacts(placed: readonly Placed[]): StackFacts {
    const { promotionRecord } = this.configuration;
    return {
      ...factsOf(this.observed, placed),
      ...(promotionRecord === undefined ? {} : { promotion: readPromotionRecord(promotionRecord) }),
    };
  }

  advise(advice: Advice): void {
    this.advice.push(advice);
  }

  leaveOpen(open: Open): void {
    this.open.push(open);
  }

  /** Hands out what was advised by `rule`, once: an update may follow its preview in the same pack. */
  takeAdvice(rule: Rule): Advice[] {
    const taken = this.advice.filter((entry) => entry.rule === rule);
    this.advice = this.advice.filter((entry) => entry.rule !== rule);
    return taken;
  }

  /** Hands out what was left open, once. */
  takeOpen(): Open[] {
    const taken = this.open;
    this.open = [];
    return taken;
  }
}
