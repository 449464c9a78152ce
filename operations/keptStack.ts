import type { Checkpoint } from "../checks/checkpoint";
import { Failure } from "./failure";
import { listStacks, type Project } from "./project";
import { readState } from "./stateFiles";
import { readStackText } from "./upgradeTarget";
import { readVerified } from "./upgradeVerified";

/** Which stacks are deployed, and whether their files still say what was deployed. */

const CONTAINER = "docker:index/container:Container";

/** What was taken down keeps volumes and passwords in its state, but has nothing that could be kept running. */
function isDeployed({ resources }: Checkpoint): boolean {
  return resources.some(({ type }) => type === CONTAINER);
}

/** The stacks of the project that have containers in their state. Throws a {@link Failure} when none has. */
export function deployedStacks(project: Project): string[] {
  const deployed = listStacks(project).filter((stack) => {
    const state = readState(project, stack);
    return state !== undefined && isDeployed(state.checkpoint);
  });
  if (deployed.length > 0) return deployed;
  throw new Failure("configuration", "No environment of this project is deployed.", {
    fix: "bring one up (npx doom up dev), then ask again",
  });
}

/** Throws a {@link Failure} unless the state holds something that runs. */
export function requireDeployed(stack: string, checkpoint: Checkpoint): void {
  if (isDeployed(checkpoint)) return;
  throw new Failure("configuration", `${stack} is not deployed, so that all of it would be new.`, {
    fix: `npx doom up ${stack}`,
  });
}

/** Whether the stack's file says something else than when all of the stack was last right. */
export function isFileChanged(project: Project, stack: string): boolean {
  const verified = readVerified(project, stack);
  return verified !== undefined && verified.stackFile !== readStackText(project, stack);
}
