import { unknownLines, type Variable, variablesOf } from "./environmentLines";
import {
  type ContainerInputs,
  type Context,
  each,
  type Finding,
  isUndecided,
  known,
  type Partly,
  UNKNOWN,
} from "./facts";
import { roleOfOwn } from "./names";

const FIX = "set FILE__HASHED_PASSWORD to the target of a mounted secret file";
const GIVEN = ["FILE__HASHED_PASSWORD", "HASHED_PASSWORD"];
const PLAIN = ["PASSWORD", "FILE__PASSWORD"];

/**
 * An editor asks for a password, and holds only an Argon2 hash of it.
 *
 * code-server takes an empty PASSWORD or HASHED_PASSWORD for "no authentication" and the image's
 * start only logs a missing secret file, so that the file has to be there: a mount, which fails
 * without its source. Anything but `$argon2` is code-server's old SHA-256, which is guessed fast.
 */
export function authRequired(container: ContainerInputs, { stack }: Context): readonly Finding[] {
  return known(container.name, "name", (name) =>
    isEditor(container, name, stack) ? [...byPassword(container), ...notTurnedOff(container)] : [],
  );
}

function isEditor(container: ContainerInputs, name: string | undefined, stack: string): boolean {
  if (name !== undefined && roleOfOwn(name, stack, ["code-server"]) !== undefined) return true;
  const labels = container.labels;
  if (labels === undefined || labels === UNKNOWN) return false;
  return labels.some(
    (entry) => entry !== UNKNOWN && entry.label === "doom.role" && entry.value === "code-server",
  );
}

function byPassword(container: ContainerInputs): readonly Finding[] {
  const variables = variablesOf(container);
  const plain = variables
    .filter(({ name }) => PLAIN.includes(name))
    .map(({ name, at }) => ({
      at,
      problem: `is ${name}, a password and not a hash of it`,
      fix: FIX,
    }));
  const given = variables.filter(({ name }) => GIVEN.includes(name));
  // A line that is not known yet may name another password, and the last one counts.
  const unknown = unknownLines(container);
  if (given.length > 0 || plain.length > 0 || unknown.length > 0)
    return [
      ...plain,
      ...given.flatMap((variable) => hashProblems(variable, container)),
      ...unknown,
    ];
  return [{ at: "envs", problem: "gives the editor no password: it asks for none", fix: FIX }];
}

function hashProblems(
  { name, value, at }: Variable,
  container: ContainerInputs,
): readonly Finding[] {
  if (name === "HASHED_PASSWORD")
    return value.startsWith("$argon2")
      ? []
      : [{ at, problem: "is empty or no Argon2 hash", fix: FIX }];
  return mountedAt(value, container, at);
}

/** Whether something is mounted exactly at `target`; undecided when it could be, for all that is known. */
function mountedAt(target: string, container: ContainerInputs, at: string): readonly Finding[] {
  let found = false;
  const note = (given: Partly<string | undefined>, where: string) =>
    known(given, where, (text) => {
      found ||= target !== "" && text === target;
      return [];
    });
  const undecided = [
    ...each(container.mounts, "mounts", (mount, where) => note(mount.target, `${where}.target`)),
    ...each(container.volumes, "volumes", (volume, where) =>
      note(volume.containerPath, `${where}.containerPath`),
    ),
  ].filter(isUndecided);
  if (found) return [];
  if (undecided.length > 0) return undecided;
  return [
    {
      at,
      problem: "names a file that nothing mounts: the editor would ask for no password",
      fix: FIX,
    },
  ];
}

/** `--auth none` on the command line wins over every variable. */
function notTurnedOff(container: ContainerInputs): readonly Finding[] {
  return (["command", "entrypoints"] as const).flatMap((field) =>
    each(container[field], field, (argument, at) =>
      /^--auth(=|$)/.test(argument) || /(^|\s)--auth(=|\s)/.test(argument)
        ? [{ at, problem: "chooses the editor's authentication by hand", fix: "remove --auth" }]
        : [],
    ),
  );
}
