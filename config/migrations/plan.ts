import { ConfigError } from "../errors";
import { type FlatSettings, unflatten } from "../flatSettings";
import { ENVIRONMENT_KEY } from "../keys";
import { parseEnvironment } from "../schema";
import { StackDocument } from "../stackDocument";
import type { TakenStep } from "./chain";
import { envPart, type NamedFile, renamings, stackPart } from "./parts";
import type { KeyReport } from "./report";

/** What a stack's configuration is to be made from. */
export interface PlanInput {
  /** The text of the stack's file, which `parseStackFile` has taken; undefined when there is none. */
  readonly stackFile: string | undefined;
  /** The `.env` of an installer that it takes over. */
  readonly env?: NamedFile;
  /** Gives a free address range in the place of one that nobody chose. */
  readonly freeRange: (proposed: string) => string;
}

/** How a stack's configuration becomes current. */
export interface ConfigurationPlan {
  /** The stack's file as it will be, without the secrets that are new. */
  readonly document: StackDocument;
  /** What is to be encrypted and put into the document, by name. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly steps: readonly TakenStep[];
  readonly keys: readonly KeyReport[];
}

const RANGE = "network.cidr";

/**
 * Plans the migration of a stack's file, and of an installer's `.env` into it.
 *
 * What the stack's file says already is kept. Throws {@link ConfigError} when anything could not be used
 * afterwards; its problems name each setting as it stands in its file.
 */
export function planConfiguration({ stackFile, env, freeRange }: PlanInput): ConfigurationPlan {
  const document = new StackDocument(stackFile);
  const own = stackPart(document.settings);
  const parts = env ? [own, envPart(env, own.settings, document.secretNames)] : [own];
  const settings = new Map(parts.flatMap((part) => [...part.settings]));
  const keys = parts.flatMap((part) => part.keys);
  const range = keys.find(({ outcome, key }) => outcome === "added" && key === RANGE);
  if (range) settings.set(RANGE, freeRange(String(settings.get(RANGE))));
  requireValid(settings, new Map(parts.flatMap((part) => [...part.places])));
  document.setSettings(settings, renamings(own.keys));
  return {
    document,
    secrets: new Map(parts.flatMap((part) => [...part.secrets])),
    steps: parts.flatMap((part) => part.steps),
    keys: keys.map((report) =>
      report === range ? { ...report, value: settings.get(RANGE) } : report,
    ),
  };
}

/** Checks the whole environment, and says of each problem where the setting stands now. */
function requireValid(settings: FlatSettings, places: ReadonlyMap<string, string>): void {
  try {
    parseEnvironment(unflatten(settings));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.problems.map((problem) => atItsPlace(problem, places)));
  }
}

function atItsPlace(problem: string, places: ReadonlyMap<string, string>): string {
  for (const [key, place] of places) {
    const path = `${ENVIRONMENT_KEY}.${key}:`;
    if (problem.startsWith(path)) return `${place}:${problem.slice(path.length)}`;
  }
  return problem;
}
