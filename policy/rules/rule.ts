import type {
  CommandInputs,
  ContainerInputs,
  ContainerOfStack,
  Context,
  Finding,
  NetworkInputs,
  NetworkOfStack,
  Producer,
  RemoteImageInputs,
  VolumeInputs,
} from "../../checks/rules/facts";
import type { RecordFound } from "../../checks/rules/promotedImages";

/** How strict an environment is; a stack whose level nobody configured counts as prod. */
export const ENVIRONMENT_LEVELS = ["dev", "staging", "prod"] as const;
export type EnvironmentLevel = (typeof ENVIRONMENT_LEVELS)[number];

export type Level = "advisory" | "mandatory";

/** What a rule about the whole stack gets to see. */
export interface StackFacts {
  readonly containers: readonly ContainerOfStack[];
  readonly networks: readonly NetworkOfStack[];
  /** The configured promotion record; absent when none is demanded. */
  readonly promotion?: RecordFound;
}

/** A rule: what it is called and where it comes from, beside the pure function that decides. */
export interface Rule {
  /** Type first, in kebab case, as Pulumi shows it. */
  readonly name: string;
  /** A full sentence that says what has to hold. */
  readonly description: string;
  /** Where the rule comes from; see docs/security.md for the abbreviations. */
  readonly sources: readonly string[];
  /** The lowest level that the rule may have in each environment. */
  readonly levels: Readonly<Record<EnvironmentLevel, Level>>;
  /** One decision for each kind of resource that the rule is about. */
  readonly decisions: {
    readonly container?: (inputs: ContainerInputs, context: Context) => readonly Finding[];
    readonly network?: (inputs: NetworkInputs, context: Context) => readonly Finding[];
    readonly volume?: (inputs: VolumeInputs, context: Context) => readonly Finding[];
    readonly image?: (inputs: RemoteImageInputs, context: Context) => readonly Finding[];
    readonly command?: (inputs: CommandInputs, context: Context) => readonly Finding[];
    /** For every resource, by its type alone. */
    readonly type?: (type: string) => readonly Finding[];
    /** Once, for all resources together. */
    readonly stack?: (stack: StackFacts, context: Context) => readonly Finding[];
  };
  /**
   * Whether a value that is not known yet cannot break the rule, by the resources that produce it.
   *
   * `path` is where the value stands. The update decides again, on the value itself.
   */
  readonly settles?: (path: string, producers: readonly Producer[]) => boolean;
}

const at = (dev: Level, staging: Level, prod: Level) => ({ dev, staging, prod });

/** What isolates environments or keeps a secret: everywhere. */
export const MANDATORY = at("mandatory", "mandatory", "mandatory");
/** What only matters where others rely on the environment. */
export const MANDATORY_FROM_STAGING = at("advisory", "mandatory", "mandatory");
export const MANDATORY_IN_PROD = at("advisory", "advisory", "mandatory");
/** Good where it is possible; the images' own way to start rules it out. */
export const ADVISORY = at("advisory", "advisory", "advisory");
