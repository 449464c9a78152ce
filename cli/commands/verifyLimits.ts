import type { LimitRow } from "../../checks/limitsProof";
import { storageLevel, storageText, storageWarning } from "../../checks/storage";
import { parseEnvironment } from "../../config/schema";
import { refuseOlderSchema } from "../../config/schemaVersion";
import { proveLimits } from "../../operations/limitsProof";
import { findProject, readStackFile } from "../../operations/project";
import { type MeasuredStorage, measureStorage } from "../../operations/storageUse";
import { EXIT_CODES } from "../exitCodes";
import type { Outcome } from "../output";
import { table } from "../text";

/** `doom verify <stack> --limits`: that limits hold, and how much of its storage each editor uses. */
export async function verifyLimits(stack: string): Promise<Outcome> {
  const project = findProject();
  const file = readStackFile(project, stack);
  refuseOlderSchema(file.environment, stack);
  const limits = await proveLimits(stack, parseEnvironment(file.environment));
  return describeLimits(stack, limits, await measureStorage(project, stack));
}

const WORDS: Readonly<Record<LimitRow["limit"], string>> = {
  cpus: "CPUs",
  memoryMebibytes: "memory (MiB)",
  processes: "processes",
};

/** What is asked for, kept and enforced; not proven when a limit does not hold or storage is full or unknown. */
export function describeLimits(
  stack: string,
  limits: readonly LimitRow[],
  storage: readonly MeasuredStorage[],
): Outcome {
  const show = (value: number | undefined) => String(value ?? "none");
  const proven =
    limits.every(({ holds }) => holds) &&
    storage.every((use) => "bytes" in use && storageLevel(use) !== "full");
  const text = [
    table([
      ["CONTAINER", "LIMIT", "FILE", "DOCKER", "KERNEL", ""],
      ...limits.map(({ container, limit, wanted, engine, kernel, holds }) => [
        container,
        WORDS[limit],
        ...[wanted, engine, kernel].map(show),
        holds ? "" : "DIFFERS",
      ]),
    ]),
    ...storage.map((use) =>
      "bytes" in use
        ? `${use.volume}: ${storageText(use)}`
        : `${use.volume}: NOT MEASURED: ${use.because}`,
    ),
    ...storage.flatMap((use) => {
      const warning = "bytes" in use ? storageWarning(stack, use) : undefined;
      return warning === undefined ? [] : [`warning: ${warning}`];
    }),
    proven
      ? `The limits of ${stack} hold.`
      : `It is not proven that the limits of ${stack} hold: docker update CONTAINER sets one that differs (--cpus, --memory with --memory-swap, --pids-limit).`,
  ].join("\n");
  return {
    text,
    data: { proven, limits, storage },
    ...(proven ? {} : { exitCode: EXIT_CODES.unproven }),
  };
}
