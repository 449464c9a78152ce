import { dockerName } from "../config/names";
import type { Seed } from "../config/schema";
import { editorNumber } from "../config/secrets";
import { type PlaceFacts, pairProblems, sourceProblems } from "./migrationRules";

/** A volume of the Docker host. */
interface ExistingVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Why editors cannot get their first data from the volumes that the environment's file names, a sentence
 * each. An editor whose own volume is there already has its data, or is about to be given it.
 */
export function seedProblems(
  stack: string,
  seeds: Readonly<Record<string, Seed>>,
  volumes: readonly ExistingVolume[],
): string[] {
  const existing = new Map(volumes.map(({ name, labels }) => [name, labels]));
  return Object.entries(seeds).flatMap(([editor, { volume, acrossEnvironments }]) => {
    const own = dockerName(stack, "data", editorNumber(editor));
    if (existing.has(own)) return [];
    const labels = existing.get(volume);
    const source = place(volume, labels ?? {});
    const target = place(own, { "doom.stack": stack, "doom.role": "data" });
    const problems = labels
      ? [...sourceProblems(source), ...pairProblems(source, target, { acrossEnvironments })]
      : [`there is no volume ${volume} on the Docker host; docker volume ls shows what there is`];
    return problems.map((problem) => `seed.${editor} in Pulumi.${stack}.yaml: ${problem}`);
  });
}

const place = (at: string, labels: Readonly<Record<string, string>>): PlaceFacts => ({
  kind: "volume",
  title: `the volume ${at}`,
  at,
  stack: labels["doom.stack"],
  role: labels["doom.role"],
  driverOptions: {},
  users: [],
});
