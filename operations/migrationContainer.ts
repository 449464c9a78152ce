import type Docker from "dockerode";
import { Failure } from "./failure";
import { type Place, usersOf } from "./migrationPlaces";
import type { Project } from "./project";
import {
  ToolFailed,
  type ToolsContainer,
  type ToolsMount,
  withToolsContainer,
} from "./toolsContainer";

/** What all ways of moving data have in common: who watches, and the container that they work in. */

/** Told what goes on; `cli/display.ts` shows it. */
export interface Observer {
  /** A phase begins; `detail` says at any moment how far it is. */
  enter(phase: string, detail?: () => string): void;
  /** Something that the user should read. */
  line(text: string): void;
}

export interface MigrationContext {
  readonly project: Project;
  readonly docker: Docker;
  readonly observer: Observer;
  readonly signal?: AbortSignal;
}

export const SOURCE = "/source";
export const TARGET = "/target";

/** A place, as a mount that only reads or one that writes. */
export const sourceMount = ({ kind, at: from }: Place): ToolsMount => ({
  kind,
  from,
  at: SOURCE,
  readOnly: true,
});
export const targetMount = ({ kind, at: from }: Place): ToolsMount => ({
  kind,
  from,
  at: TARGET,
  readOnly: false,
});

/** Does `work` in a container of the place's environment; a tool that fails becomes a {@link Failure}. */
export async function inContainerOf<T>(
  { observer, signal }: MigrationContext,
  { stack }: Pick<Place, "stack">,
  container: { readonly mounts: readonly ToolsMount[]; readonly capabilities: readonly string[] },
  work: (tools: ToolsContainer) => Promise<T>,
): Promise<T> {
  try {
    return await withToolsContainer(
      {
        ...container,
        ...(stack === undefined ? {} : { stack }),
        ...(signal === undefined ? {} : { signal }),
        report: (step) => observer.enter("building the image of the tools", () => step),
      },
      work,
    );
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    throw new Failure("data", "The data could not be moved:", {
      problems: error.message.split("\n").slice(-5),
      fix: "put that right and run the same command again: it goes on from there",
    });
  }
}

/** Throws a {@link Failure} when others have begun to use the target since it was looked at. */
export async function refuseUse(
  docker: Docker,
  target: Place,
  tools: ToolsContainer,
): Promise<void> {
  if (target.kind !== "volume") return;
  const users = await usersOf(docker, target.at);
  const others = users.filter(({ id, state }) => state === "running" && id !== tools.id);
  if (others.length === 0) return;
  const names = others.map(({ name }) => name).join(", ");
  throw new Failure("locked", `${target.title} is in use by ${names}.`, {
    fix: "wait until that ends, or stop it",
  });
}

/**
 * Tells a tree from any other that was or will be in the same place: its root's inode and time of birth.
 *
 * Docker's own time of a volume's creation is none: it changes with the root's attributes.
 */
export async function identityOf(
  tools: ToolsContainer,
  root: string,
  { key }: Pick<Place, "key">,
): Promise<string> {
  const [identity = ""] = await identitiesOf(tools, [[root, key]]);
  return identity;
}

/** The same of several, with one program for all: starting one takes longer than its work. */
export async function identitiesOf(
  tools: ToolsContainer,
  places: readonly (readonly [root: string, key: string])[],
): Promise<string[]> {
  const roots = places.map(([root]) => root);
  const { stdout } = await tools.run(["stat", "--format=%i:%W", ...roots]);
  const born = stdout.trim().split("\n");
  return places.map(([, key], n) => `${key}/${born[n]}`);
}
