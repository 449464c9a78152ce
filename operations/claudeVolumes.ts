import type { EnvironmentConfig } from "../config/schema";
import { findProject } from "./project";
import { claude } from "./services/claude";
import { readState } from "./stateFiles";

const VOLUME = /::environment-claude-([1-9]\d*)-data-volume$/;

/**
 * The numbers of the editors beside which the stack has Claude Code or has had it.
 *
 * Its volumes are protected: they cannot be dropped from the program when it is taken away. Throws a Failure when
 * the state is damaged.
 */
export function claudeVolumes(stack: string, environment: EnvironmentConfig): number[] {
  const resources = readState(findProject(), stack)?.checkpoint.resources ?? [];
  const kept = resources.flatMap(({ urn }) => {
    const index = VOLUME.exec(urn)?.[1];
    return index === undefined ? [] : [Number(index)];
  });
  return [...new Set([...claude.numbers(environment), ...kept])].sort((a, b) => a - b);
}
