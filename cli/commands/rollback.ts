import { chooseRecord, type UpgradeRecord } from "../../checks/upgradeRecord";
import { connectDocker, namingLostDocker } from "../../operations/dockerHost";
import { Failure } from "../../operations/failure";
import { refuseHeld } from "../../operations/locks";
import { openEnvironmentSession } from "../../operations/stackSession";
import { readCommand, type UpgradeCommand, withUpgradeLock } from "../../operations/upgradeCommand";
import { readRecords } from "../../operations/upgradeRecords";
import { serviceOf } from "../../operations/upgradeServices";
import type { CommandContext } from "../engineRun";
import type { Outcome } from "../output";
import {
  presentFile,
  returnTo,
  runningImages,
  settle,
  taskOf,
  type UpgradeTask,
  unverifiedUpgrade,
} from "../upgradeRun";
import { keptLines } from "./upgrade";

const TIMEOUT_MS = 120_000;

export interface RollbackOptions {
  readonly service: string;
  /** The beginning of a record's ID. */
  readonly to?: string;
}

/** `doom rollback <stack>`: image, configuration and data as they were before an upgrade, proven. */
export async function rollback(
  stack: string,
  { to, service }: RollbackOptions,
  context: CommandContext,
): Promise<Outcome> {
  context.display.enter(`checking ${stack}`);
  const { project, environment } = await openEnvironmentSession(stack);
  refuseHeld(project, stack);
  const docker = await connectDocker(TIMEOUT_MS);
  const asked = { project, docker, stack, service: serviceOf(service), environment, context };
  const work = async (): Promise<Outcome> => {
    const cut = readCommand(project, stack);
    // What was cut off comes first, whatever it was about.
    const task = cut === undefined ? asked : taskOf(asked, cut);
    const record = await recordToReturnTo(task, cut, to);
    if (record === undefined && cut !== undefined) {
      await settle(task, cut.stackFileBefore);
      context.display.stop();
      const text = `The upgrade of ${stack} to ${cut.target} had not begun; its file is as it was.`;
      return { text, data: { changed: true } };
    }
    if (record === undefined) throw noRecord(task, to);
    const { claims, kept, pinned } = await returnTo(task, record, {
      command: 1,
      kind: "rollback",
      service: task.service.name,
      stage: "returning",
      target: record.id,
      stackFileBefore: presentFile(task),
      startedAt: new Date().toISOString(),
    });
    context.display.stop();
    const text = [
      `${stack} is back to what it was before the upgrade ${record.id}:`,
      ...claims.map(({ what, expected }) => `  proven  ${what.padEnd(20)} ${expected}`),
      ...(pinned
        ? [
            "  note    its version would be built from other sources today: the image is pinned by its ID",
          ]
        : []),
      ...keptLines(task.service, kept).map((line) => `  ${line}`),
    ].join("\n");
    return { text, data: { changed: true, record: record.id, claims, kept, pinned } };
  };
  return withUpgradeLock(project, stack, () => namingLostDocker(work));
}

/** What was cut off comes first; then what was not verified; then the newest that runs, or the one asked for. */
async function recordToReturnTo(
  task: UpgradeTask,
  cut: UpgradeCommand | undefined,
  wanted: string | undefined,
): Promise<UpgradeRecord | undefined> {
  const { project, stack } = task;
  const records = () =>
    readRecords(project, stack).filter(({ service }) => service === task.service.name);
  if (cut?.record !== undefined) return records().find(({ id }) => id === cut.record);
  const unverified = unverifiedUpgrade(task);
  if (unverified !== undefined) return unverified;
  if (cut?.kind === "upgrade") return undefined;
  return chooseRecord(records(), await runningImages(task), wanted);
}

function noRecord({ stack, service }: UpgradeTask, wanted: string | undefined): Failure {
  return wanted === undefined
    ? new Failure("usage", `There is no upgrade of ${service.name} in ${stack} to take back.`, {
        fix: "only an upgrade that was recorded can be taken back",
      })
    : new Failure(
        "usage",
        `${stack} has no upgrade of ${service.name} with the record ${JSON.stringify(wanted)}.`,
        {
          fix: `the records are the folders in .state/upgrades/${stack}/records`,
        },
      );
}
