import { type PromotionEntry, standingPromotion } from "../../checks/promotion";
import { Failure } from "../../operations/failure";
import {
  allowImages,
  entryHead,
  readPromotions,
  recordPromotion,
} from "../../operations/promotionRecords";
import { readRecords } from "../../operations/upgradeRecords";
import type { Outcome } from "../output";
import { presentFile, returnTo, settle, type UpgradeTask } from "../upgradeRun";

/**
 * Takes the last promotion to a stack back: image, settings and data as they were, proven.
 *
 * A promotion that only changed settings leaves the data alone. Throws a {@link Failure}.
 */
export async function undoPromotion(task: UpgradeTask, from: string): Promise<Outcome> {
  const { project, stack, context } = task;
  const entries = readPromotions(project, stack);
  const last = standingPromotion(entries);
  if (last === undefined || last.from !== from) {
    throw new Failure("usage", `There is no promotion from ${from} to ${stack} to take back.`, {
      fix: `the promotions to ${stack} are recorded in .state/promotions/${stack}.jsonl`,
    });
  }
  // They ran here, so they may again, whether they were promoted or not.
  const images = last.imagesBefore;
  const putBack = allowImages(project, stack, { schemaVersion: 1, from, to: stack, images });
  try {
    await goBack(task, last);
  } catch (error) {
    putBack();
    throw error;
  }
  recordPromotion(project, {
    ...last,
    ...entryHead(),
    kind: "undo",
    result: "undone",
    takesBack: last.id,
  });
  context.display.stop();
  const text = `The promotion of ${last.at} from ${from} to ${stack} is taken back (${last.hash}).`;
  return { text, data: { changed: true, takesBack: last.id } };
}

async function goBack(task: UpgradeTask, last: PromotionEntry): Promise<void> {
  if (last.upgradeRecord === undefined) return settle(task, last.stackFileBefore);
  const record = readRecords(task.project, task.stack).find(({ id }) => id === last.upgradeRecord);
  if (record === undefined) throw new Error(`the record ${last.upgradeRecord} is gone`);
  await returnTo(task, record, {
    command: 1,
    kind: "rollback",
    service: task.service.name,
    stage: "returning",
    target: record.id,
    stackFileBefore: presentFile(task),
    startedAt: new Date().toISOString(),
  });
}
