import type { TransferProgress, TransferTotals } from "../checks/rsyncOutput";
import { workText } from "../checks/transferText";
import type { Observer } from "./migrationContainer";
import type { ToolsContainer } from "./toolsContainer";
import { type CopyOptions, copyTree } from "./treeCopy";

/** {@link copyTree} as a phase that its observer can ask for how far it is. Throws ToolFailed. */
export async function showCopy(
  tools: ToolsContainer,
  observer: Observer,
  phase: string,
  options: Omit<CopyOptions, "onProgress">,
): Promise<TransferTotals> {
  const began = Date.now();
  let progress: TransferProgress = { bytes: 0, percent: 0, files: 0 };
  observer.enter(phase, () =>
    workText({
      bytes: progress.bytes,
      files: progress.files,
      fraction: progress.percent / 100,
      elapsed: Date.now() - began,
    }),
  );
  return copyTree(tools, {
    ...options,
    onProgress: (now) => {
      progress = now;
    },
  });
}
