import { type EnvironmentConfig, parseEnvironment } from "../config/schema";
import { refuseOlderSchema } from "../config/schemaVersion";
import { dockerFacts } from "../operations/dockerHost";
import { Failure } from "../operations/failure";
import { refuseHeld } from "../operations/locks";
import { findProject, listStacks, type Project, readStackFile } from "../operations/project";

/** An environment as it stands in its stack file, and checked. */
export interface VerifiedEnvironment {
  readonly raw: unknown;
  readonly config: EnvironmentConfig;
}

/**
 * The named environments; without names, all of the project that run.
 *
 * Throws a {@link Failure} or a ConfigError for one that is unknown, not valid or held by another run, and when
 * none runs.
 */
export async function chosenEnvironments(
  stacks: readonly string[],
): Promise<ReadonlyMap<string, VerifiedEnvironment>> {
  const project = findProject();
  const chosen = stacks.length > 0 ? stacks : await runningStacks(project);
  const environments = new Map(chosen.map((stack) => [stack, readEnvironment(project, stack)]));
  for (const stack of environments.keys()) refuseHeld(project, stack);
  return environments;
}

function readEnvironment(project: Project, stack: string): VerifiedEnvironment {
  const { environment } = readStackFile(project, stack);
  refuseOlderSchema(environment, stack);
  return { raw: environment, config: parseEnvironment(environment) };
}

async function runningStacks(project: Project): Promise<string[]> {
  const { containers } = await dockerFacts();
  const running = new Set(
    containers
      .filter(({ state, labels }) => state === "running" && labels["doom.role"] !== "tools")
      .map(({ labels }) => labels["doom.stack"]),
  );
  const stacks = listStacks(project).filter((stack) => running.has(stack));
  if (stacks.length > 0) return stacks;
  throw new Failure(
    "unhealthy",
    "No environment of this project runs: there is nothing to prove.",
    {
      fix: "npx doom up dev",
    },
  );
}
