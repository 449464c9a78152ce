import { restingIn } from "../checks/restingEditors";
import { findProject } from "./project";
import { readState } from "./stateFiles";

/**
 * The numbers of editors that the stack has had and does not have with `instances` ones.
 *
 * What is protected of them cannot be dropped from the program. Throws a Failure when the state is damaged.
 */
export function restingEditors(stack: string, instances: number): number[] {
  const state = readState(findProject(), stack);
  return state === undefined ? [] : restingIn(state.checkpoint, instances);
}
