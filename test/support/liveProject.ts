import { ensurePassphraseFile } from "../../operations/passphrase";
import type { EnvironmentValue, LiveEnvironment } from "./liveEnvironment";
import { createProjectCopy, type ProjectCopy } from "./projectCopy";

/** A copy of the project with created stacks, by the names that the test gives them. */
export class LiveProject {
  constructor(
    private readonly copy: ProjectCopy,
    private readonly environments: ReadonlyMap<string, LiveEnvironment>,
  ) {}

  /** The environment of that name; its stack has a random name of its own. */
  environment(name: string): LiveEnvironment {
    const environment = this.environments.get(name);
    if (!environment) throw new Error(`the test made no environment ${name}`);
    return environment;
  }

  /** Removes everything of these stacks from the host, whatever state they are in. */
  dispose(): Promise<void> {
    return this.copy.dispose();
  }
}

/**
 * A copy of the project in which the given stacks exist, with a passphrase each and nothing brought up.
 *
 * The values are laid over dev's, with free ports and ranges. Leaves nothing behind when it throws.
 */
export async function startProject(
  wanted: Readonly<Record<string, EnvironmentValue>>,
): Promise<LiveProject> {
  const copy = createProjectCopy();
  try {
    const environments = new Map<string, LiveEnvironment>();
    for (const [name, changes] of Object.entries(wanted)) {
      const environment = await copy.addStack();
      environment.configure((value) => merge(value, changes));
      ensurePassphraseFile(copy.project, environment.stack);
      await environment.pulumi("stack", "init", "--no-select");
      environments.set(name, environment);
    }
    return new LiveProject(copy, environments);
  } catch (error) {
    await copy.dispose();
    throw error;
  }
}

function isMap(value: unknown): value is EnvironmentValue {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Maps are merged, all else is replaced: `{access: {tier}}` keeps the port. */
function merge(base: EnvironmentValue, changes: EnvironmentValue): EnvironmentValue {
  const merged = Object.entries(changes).map(([key, value]) => {
    const before = base[key];
    return [key, isMap(before) && isMap(value) ? merge(before, value) : value];
  });
  return { ...base, ...Object.fromEntries(merged) };
}
