/** One bad input: what is changed in a good stack, and the whole message that it must give. */
export interface BadInput {
  /** What is bad, for the test's name. */
  readonly given: string;
  /** Name of the stack; a good one by default. */
  readonly stack?: string;
  /** Path in the environment (`access.port`) and the value to put there; undefined takes it out. */
  readonly set?: readonly [path: string, value: unknown];
  /** Whole values of configuration keys, as texts, over those of the good stack. */
  readonly keys?: Readonly<Record<string, string>>;
  /** Keys that Pulumi holds encrypted; `doom-coding:secrets` by default. */
  readonly encrypted?: readonly string[];
  /** The value of `doom-coding:secrets`. */
  readonly secrets?: unknown;
  /** What must not stand in the message. */
  readonly hidden?: string;
  /** The problems that the error must name, exactly and in this order. */
  readonly problems: readonly string[];
}

/** The configuration of a stack that everything accepts. */
export function goodEnvironment() {
  return {
    schemaVersion: 1,
    instances: 2,
    resources: { cpus: 0.5, memory: "512MiB", storage: "2GiB" },
    access: { tier: "full", port: 8443, bindAddress: "192.0.2.10" },
    network: { cidr: "10.87.0.0/24" },
    logLevel: "debug",
    image: { version: "4.139.1" },
  };
}

/** One problem with a value of the environment: `allowed` for a given value, `needed` for a missing one. */
export function refused(path: string, got: string, allowed: string): string[] {
  return [`doom-coding:environment.${path}: got ${got}; allowed: ${allowed}`];
}

export function missing(path: string, needed: string): string[] {
  return [`doom-coding:environment.${path}: missing; needed: ${needed}`];
}

export function unknown(path: string): string[] {
  return [`doom-coding:environment.${path}: unknown key; nothing reads it`];
}
