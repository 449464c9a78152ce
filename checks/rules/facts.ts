import type * as command from "@pulumi/command";
import type * as docker from "@pulumi/docker";
import type { Unwrap } from "@pulumi/pulumi";

/** What a rule gets to see, and what it can say. Types only from the SDKs: a rule costs no start-up time. */

/** Stands where a value is known only once the update runs. */
export const UNKNOWN: unique symbol = Symbol("known only in the update");
export type Unknown = typeof UNKNOWN;

/** `T` with every part of it possibly unknown, as in a preview. */
export type Partly<T> =
  | Unknown
  | (T extends string | number | boolean | undefined
      ? T
      : T extends readonly (infer Element)[]
        ? readonly Partly<Element>[]
        : { readonly [Key in keyof T]: Partly<T[Key]> });

/** The inputs of a resource: the map itself is always known. */
type Inputs<T> = { readonly [Key in keyof T]?: Partly<T[Key]> | undefined };

/** What newer providers take and the SDK's types do not name yet. */
interface NewerContainerInputs {
  deviceCgroupRules?: string[];
}

export type ContainerInputs = Inputs<Unwrap<docker.ContainerArgs> & NewerContainerInputs>;
export type NetworkInputs = Inputs<Unwrap<docker.NetworkArgs>>;
export type VolumeInputs = Inputs<Unwrap<docker.VolumeArgs>>;
export type RemoteImageInputs = Inputs<Unwrap<docker.RemoteImageArgs>>;
export type CommandInputs = Inputs<Unwrap<command.local.CommandArgs>>;

/** Pulumi's type tokens, as text: importing the classes would load the whole SDK. */
export const CONTAINER = "docker:index/container:Container";
export const NETWORK = "docker:index/network:Network";
export const VOLUME = "docker:index/volume:Volume";
export const REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage";
export const COMMAND = "command:local:Command";

/** Where a resource is looked at. */
export interface Context {
  /** Name of the stack, which is the environment's. */
  readonly stack: string;
  /** The resource's options, as far as an engine tells a policy. */
  readonly options?: {
    readonly protect?: boolean;
    readonly additionalSecretOutputs?: readonly string[];
  };
}

/** What breaks a rule: where, what it means, how to put it right. Never repeats a value that may be secret. */
export interface Problem {
  readonly at: string;
  readonly problem: string;
  readonly fix: string;
}

/** What a rule could not decide, because the value at `undecided` is not known yet. */
export interface Undecided {
  readonly undecided: string;
}

export type Finding = Problem | Undecided;

/** A container of the stack by its logical name. */
export interface ContainerOfStack {
  readonly name: string;
  readonly inputs: ContainerInputs;
  /** What every `ContainerLimits` of this container sets. */
  readonly processLimits: readonly Partly<string | undefined>[];
}

/** A network of the stack by its logical name. */
export interface NetworkOfStack {
  readonly name: string;
  readonly inputs: NetworkInputs;
}

/** A resource whose output went into a value. */
export interface Producer {
  readonly type: string;
  /** Type of the component that it belongs to; absent at the top. */
  readonly parentType?: string;
}

/** Whether a finding says that the rule could not decide. */
export function isUndecided(finding: Finding): finding is Undecided {
  return "undecided" in finding;
}

/** One line for a person: where, what, how to put it right. */
export function describeProblem({ at, problem, fix }: Problem): string {
  return `${at} ${problem}; ${fix}`;
}

type Known<T> = Exclude<T, Unknown>;

/** Decides on a value, or says that it is not known yet. */
export function known<T>(
  value: T,
  at: string,
  decide: (value: Known<T>) => readonly Finding[],
): readonly Finding[] {
  return value === UNKNOWN ? [{ undecided: at }] : decide(value as Known<T>);
}

/** Decides on each entry of a list; what is not known yet is named, the rest is decided. */
export function each<T>(
  list: readonly T[] | Unknown | undefined,
  at: string,
  decide: (entry: Known<T>, at: string) => readonly Finding[],
): readonly Finding[] {
  return known(list, at, (entries) =>
    (entries ?? []).flatMap((entry, index) =>
      known(entry, `${at}[${index}]`, (value) => decide(value, `${at}[${index}]`)),
    ),
  );
}
