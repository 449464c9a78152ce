import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { EnvironmentHistory } from "../report/history";
import { errorCode, Failure } from "./failure";
import { listStacks, type Project } from "./project";
import { readPromotions } from "./promotionRecords";
import type { Drill } from "./snapshotDrill";
import { recordFolder } from "./snapshotPlaces";
import { readRecords } from "./upgradeRecords";

/**
 * What the project's state folder holds of what was done to each of its environments, for the report.
 *
 * Needs no passphrase. Throws a {@link Failure} for a record that was changed or is cut off.
 */
export function environmentHistories(project: Project): EnvironmentHistory[] {
  return listStacks(project).map((stack) => ({
    stack,
    upgrades: readRecords(project, stack).map(({ service, kind, result, startedAt, editors }) => ({
      service,
      kind,
      result,
      at: startedAt,
      timings: editors.map(({ timings }) => timings),
    })),
    promotions: readPromotions(project, stack).map(({ from, result, at }) => ({
      from,
      result,
      at,
    })),
    drills: readDrills(project, stack),
  }));
}

function readDrills(project: Project, stack: string): EnvironmentHistory["drills"] {
  const folder = join(recordFolder(project, stack), "drills");
  return drillNames(folder).map((name) => {
    const { startedAt, seconds, result } = parseDrill(join(folder, name));
    return { at: startedAt, seconds, result };
  });
}

function drillNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .sort();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** What the report takes of a drill's evidence. */
const drillSchema = z.object({
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  result: z.enum(["restored and equal", "failed"]),
}) satisfies z.ZodType<Pick<Drill, "startedAt" | "seconds" | "result">>;

function parseDrill(file: string) {
  const damaged = (how: string) =>
    new Failure("state", `The record of a drill ${file} ${how}.`, {
      fix: "restore it from a backup of the state folder, or move it away",
    });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw damaged("is cut off or altered: not JSON");
  }
  const parsed = drillSchema.safeParse(value);
  if (!parsed.success) throw damaged("was altered: it is not what a drill writes");
  return parsed.data;
}
