import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";

/** Whether a configuration is the same in YAML, in JSON and as the environment of a program. */

/** A configuration as it stands in a stack file, and the values that become environment variables. */
export interface Configuration {
  readonly environment: unknown;
  readonly variables: Readonly<Record<string, string>>;
}

/** What is lost on the way from one format to the other and back; empty when nothing is. */
export function formatProblems({ environment, variables }: Configuration): string[] {
  const json: unknown = JSON.parse(JSON.stringify(environment));
  const yaml: unknown = parse(stringify(environment));
  const both: unknown = parse(stringify(json));
  return [
    ...(isDeepStrictEqual(json, environment) ? [] : ["not the same in JSON"]),
    ...(isDeepStrictEqual(yaml, environment) ? [] : ["not the same in YAML"]),
    ...(isDeepStrictEqual(both, environment) ? [] : ["not the same from JSON to YAML"]),
    ...environmentProblems(variables, environmentText(variables)),
  ];
}

/** The block of a program's environment: `NAME=value`, each with a NUL at its end. */
export function environmentText(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\0`)
    .join("");
}

/** Which variables an environment block does not have exactly as they are declared; names only. */
export function environmentProblems(
  variables: Readonly<Record<string, string>>,
  block: string,
): string[] {
  const found = new Map(
    block
      .split("\0")
      .filter((entry) => entry.includes("="))
      .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
  return Object.entries(variables).flatMap(([name, value]) => {
    if (!found.has(name)) return [`${name} did not arrive`];
    return found.get(name) === value ? [] : [`${name} arrived as something else`];
  });
}
