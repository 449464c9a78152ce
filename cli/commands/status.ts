import { storageText, storageWarning } from "../../checks/storage";
import {
  type EnvironmentOverview,
  environmentOverview,
} from "../../operations/environmentOverview";
import { type EnvironmentStatus, environmentStatus } from "../../operations/environmentStatus";
import { findProject, listStacks } from "../../operations/project";
import { type MeasuredStorage, measureStorage } from "../../operations/storageUse";
import { EXIT_CODES } from "../exitCodes";
import type { Outcome } from "../output";
import { table } from "../text";

/** `doom status [stack]`: how one environment, or each of the project, is doing. */
export async function status(stack: string | undefined): Promise<Outcome> {
  const project = findProject();
  if (stack !== undefined) {
    const environment = await environmentStatus(project, stack);
    return describeOne(environment, await measureStorage(project, stack));
  }
  return describeAll(
    await Promise.all(listStacks(project).map((name) => environmentOverview(project, name))),
  );
}

/** One that was asked for by name is expected to run. */
function describeOne(environment: EnvironmentStatus, storage: readonly MeasuredStorage[]): Outcome {
  const { stack, condition, url, containers, volumes, resting, notes } = environment;
  const text = [
    `${stack} is ${condition}${url === undefined ? "" : `: ${url}`}`,
    ...(containers.length === 0 ? [] : [table(containers.map(toRow))]),
    ...volumes.map((volume) => `  data: ${volume}${storageOf(volume, storage)}`),
    ...storage.flatMap((use) => {
      const warning = "bytes" in use ? storageWarning(stack, use) : undefined;
      return warning === undefined ? [] : [`  warning: ${warning}`];
    }),
    ...restingLines(stack, resting),
    ...notes.map((note) => `  note: ${note}`),
    ...advice(environment),
  ].join("\n");
  return {
    text,
    data: { environment, storage },
    ...(condition === "healthy" ? {} : { exitCode: EXIT_CODES.unhealthy }),
  };
}

function toRow({ name, state, health, waitsFor }: EnvironmentStatus["containers"][number]) {
  return [`  ${name}`, state, waitsFor === undefined ? (health ?? "") : `waits for ${waitsFor}`];
}

/** What is kept of editors that were left out. */
export function restingLines(stack: string, resting: readonly string[]): string[] {
  if (resting.length === 0) return [];
  const them = resting.length === 1 ? "its editor" : "their editors";
  return [
    `  resting: ${resting.join(", ")}; more instances in Pulumi.${stack}.yaml bring ${them} back`,
  ];
}

/** What a volume holds, as far as it was measured. */
function storageOf(volume: string, storage: readonly MeasuredStorage[]): string {
  const use = storage.find((measured) => measured.volume === volume);
  if (use === undefined) return "";
  return "bytes" in use ? `, ${storageText(use)}` : `, not measured: ${use.because}`;
}

function advice({ stack, condition, containers }: EnvironmentStatus): string[] {
  switch (condition) {
    case "new":
      return [`  create it: npx doom init ${stack} && npx doom up ${stack}`];
    case "down":
      return [`  bring it up: npx doom up ${stack}`];
    case "unhealthy":
      return [
        ...containers
          .filter(
            ({ health, state, waitsFor }) =>
              health === "unhealthy" && state === "running" && waitsFor === undefined,
          )
          .map(({ name }) => `  look at its log: docker logs --tail 50 ${name}`),
        `  bring it back: npx doom up ${stack}`,
      ];
    default:
      return [];
  }
}

const HEAD = ["NAME", "STATE", "EDITORS", "VERSION", "TIER", "MEMORY", "URL", "DATA"];

/** Of all of them, only those that run are expected to run well. */
export function describeAll(environments: readonly EnvironmentOverview[]): Outcome {
  const bad = environments.filter(({ condition }) => condition === "unhealthy");
  const notes = environments.flatMap(({ stack, notes }) =>
    notes.map((note) => `note: ${stack}: ${note}`),
  );
  const text = [
    table([HEAD, ...environments.map(overviewRow)]),
    ...notes,
    ...bad.map(({ stack }) => `npx doom status ${stack} says what is wrong with it`),
  ].join("\n");
  return {
    text: environments.length === 0 ? "There is no stack file in this project." : text,
    data: { environments },
    ...(bad.length > 0 ? { exitCode: EXIT_CODES.unhealthy } : {}),
  };
}

function overviewRow(environment: EnvironmentOverview): string[] {
  const { stack, condition, editors, version, tier, memory, url, volumes } = environment;
  return [
    stack,
    condition,
    `${editors.healthy}/${editors.all ?? "?"}`,
    version ?? "?",
    tier ?? "?",
    `${memory.usedMebibytes} of ${memory.limitMebibytes ?? "?"} MiB`,
    url ?? "",
    volumes.length === 0 ? "" : `${volumes.length} ${volumes.length === 1 ? "volume" : "volumes"}`,
  ];
}
