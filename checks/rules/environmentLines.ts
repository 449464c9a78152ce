import { type ContainerInputs, type Finding, known, UNKNOWN } from "./facts";

/** One variable of a container's environment. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  /** Where it stands in the container's inputs. */
  readonly at: string;
}

/** The container's variables, as far as they are known. A line without `=` takes its value from nowhere. */
export function variablesOf(container: ContainerInputs): Variable[] {
  const lines = container.envs;
  if (lines === undefined || lines === UNKNOWN) return [];
  return lines.flatMap((line, index) => {
    if (line === UNKNOWN) return [];
    const end = line.indexOf("=");
    const name = end < 0 ? line : line.slice(0, end);
    return [{ name, value: end < 0 ? "" : line.slice(end + 1), at: `envs[${index}]` }];
  });
}

/** The lines that are not known yet: any of them may be the one that a rule looks for. */
export function unknownLines(container: ContainerInputs): readonly Finding[] {
  return known(container.envs, "envs", (lines) =>
    (lines ?? []).flatMap((line, index) =>
      line === UNKNOWN ? [{ undecided: `envs[${index}]` }] : [],
    ),
  );
}
