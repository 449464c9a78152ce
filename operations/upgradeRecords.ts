import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { basename, join } from "node:path";
import type Docker from "dockerode";
import { sha256 } from "../checks/seal";
import {
  copiesToRemove,
  RecordError,
  type RecordedCheck,
  type RecordedEditor,
  sealRecord,
  type UpgradeRecord,
  unsealRecord,
} from "../checks/upgradeRecord";
import type { EnvironmentConfig } from "../config/schema";
import { syncFolder, writeDurably } from "./durableFile";
import { errorCode, Failure } from "./failure";
import { type Project, stackFilePath } from "./project";
import { readCommand } from "./upgradeCommand";
import { liveManifestOf } from "./upgradeData";
import { isOpen, type Journal, journalFolder, readJournal, upgradeFolder } from "./upgradeJournal";
import { type UpgradeService, unitName } from "./upgradeServices";
import { readVerified } from "./upgradeVerified";

/** The records of a stack's upgrades: one folder each, with the manifests that it needs to go back. */

const RECORD = "record.json";

const recordsFolder = (project: Project, stack: string) =>
  join(upgradeFolder(project, stack), "records");

/** The folder of a record. */
export function recordFolder(project: Project, stack: string, id: string): string {
  return join(recordsFolder(project, stack), id);
}

/** Writes a record whole, with mode 0600. */
export function writeRecord(project: Project, record: UpgradeRecord): void {
  const file = join(recordFolder(project, record.stack, record.id), RECORD);
  writeDurably(file, sealRecord(record));
}

/** Every record of a stack, the oldest first. Throws a {@link Failure} for one that was changed. */
export function readRecords(project: Project, stack: string): UpgradeRecord[] {
  const folder = recordsFolder(project, stack);
  return listFolder(folder).flatMap((id) => readRecord(join(folder, id, RECORD), stack) ?? []);
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Undefined when a killed run has made the folder and not the record. */
function readRecord(file: string, stack: string): UpgradeRecord | undefined {
  try {
    const record = unsealRecord(readFileSync(file, "utf8"));
    if (record.stack === stack && record.id === basename(join(file, ".."))) return record;
    throw new RecordError("belongs to another stack, or has another one's name");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (!(error instanceof RecordError)) throw error;
    throw new Failure("state", `The record ${file} ${error.message}.`, {
      fix: "restore it from a backup of the state folder, or move its folder away: its upgrade can then not be taken back",
    });
  }
}

/** The journals, by number, of those whose upgrade, or way back, is ready for the engine or has gone through it. */
export function openJournals(
  project: Project,
  stack: string,
  service: UpgradeService,
  environment: EnvironmentConfig,
): ReadonlyMap<number, Journal> {
  return new Map(
    service.numbers(environment).flatMap((instance): [number, Journal][] => {
      const journal = readJournal(project, stack, unitName({ service, instance }));
      return isOpen(journal) && journal.stage === "passed" ? [[instance, journal]] : [];
    }),
  );
}

/**
 * Makes the record of what the journals say, with copies of their manifests.
 *
 * `checks` are those of the live ones, by number. Journals are of one kind and of one service.
 */
export function recordJournals(
  project: Project,
  stack: string,
  service: UpgradeService,
  journals: ReadonlyMap<number, Journal>,
  {
    result,
    checks,
  }: Pick<UpgradeRecord, "result"> & {
    readonly checks: ReadonlyMap<number, readonly RecordedCheck[]>;
  },
): UpgradeRecord {
  const all = [...journals.values()];
  const startedAt = all.map((journal) => journal.startedAt).sort()[0] as string;
  const stamp = startedAt.replace(/[-:]|\..*/g, "");
  const id = `${stamp}-${all[0]?.id ?? randomBytes(4).toString("hex")}`;
  const folder = recordFolder(project, stack, id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const editors = [...journals].map(([instance, journal]): RecordedEditor => {
    const unit = unitName({ service, instance });
    const manifestFile = `${unit}.jsonl`;
    const manifest = liveManifestOf(journalFolder(project, stack, unit));
    copyFileSync(manifest, join(folder, manifestFile));
    const { from, to, copy, timings, extensions = [] } = journal;
    if (journal.manifest === undefined) throw new Error("a journal that passed without a manifest");
    return {
      instance,
      ...(from === undefined ? {} : { from }),
      to,
      copy,
      manifest: journal.manifest,
      manifestFile,
      extensions,
      timings,
      checks: checks.get(instance) ?? [],
    };
  });
  syncFolder(folder);
  const command = readCommand(project, stack);
  // What is edited and not brought up yet belongs to the file that the command began with.
  const before =
    command?.kind === "upgrade" ? command.stackFileBefore : readVerified(project, stack)?.stackFile;
  const takesBack = all[0]?.takesBack;
  const record: UpgradeRecord = {
    record: 1,
    id,
    stack,
    service: service.name,
    kind: all[0]?.kind ?? "upgrade",
    result,
    who: `${userInfo().username}@${hostname()}`,
    startedAt,
    finishedAt: new Date().toISOString(),
    ...(before === undefined ? {} : { stackFile: { text: before, sha256: sha256(before) } }),
    stackFileAfter: sha256(readFileSync(stackFilePath(project, stack))),
    editors,
    ...(takesBack === undefined ? {} : { takesBack }),
  };
  writeRecord(project, record);
  return record;
}

/** Removes the copies of data that nobody can go back to any more; gives their names. */
export async function removeOldCopies(
  project: Project,
  docker: Docker,
  stack: string,
): Promise<string[]> {
  const filters = { label: [`doom.stack=${stack}`, "doom.role=before-upgrade"] };
  const { Volumes } = await docker.listVolumes({ filters });
  const old = copiesToRemove(
    readRecords(project, stack),
    Volumes.map(({ Name }) => Name),
  );
  const removed: string[] = [];
  for (const name of old) {
    try {
      await docker.getVolume(name).remove();
      removed.push(name);
    } catch (error) {
      // Somebody is looking into it: the next upgrade tries again.
      if ((error as { statusCode?: number }).statusCode !== 409) throw error;
    }
  }
  return removed;
}
