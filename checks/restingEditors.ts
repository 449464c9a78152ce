import type { Checkpoint } from "./checkpoint";

/** What is protected of an editor: its data and its password. */
const KEPT = /::environment-code-server-([1-9]\d*)-(data-volume|password-generate)$/;

/** The numbers, in order, of the editors in a state that an environment with `instances` editors does not have. */
export function restingIn({ resources }: Checkpoint, instances: number): number[] {
  const kept = resources.flatMap(({ urn, protect }) => {
    const index = Number(KEPT.exec(urn)?.[1]);
    return protect && index > instances ? [index] : [];
  });
  return [...new Set(kept)].sort((a, b) => a - b);
}
