import { findProject } from "../operations/project";
import { keepRun } from "../operations/runRecords";
import type { RunResult } from "../report/runRecord";
import type { Outcome } from "./output";

/** What was asked, and when. */
interface Asked {
  readonly question: string;
  /** As they were typed. */
  readonly stacks: readonly string[];
  readonly startedAt: Date;
}

/** Keeps what `doom verify --record` has found, whatever it is, and says where. */
export async function recorded(
  outcome: Outcome,
  { question, stacks, startedAt }: Asked,
  result: RunResult,
): Promise<Outcome> {
  const command = ["npx doom verify", ...stacks, `--${question}`, "--record"].join(" ");
  const record = await keepRun(findProject(), { command, startedAt }, result);
  return {
    ...outcome,
    text: `${outcome.text}\nkept in ${record}`,
    data: { ...outcome.data, record },
  };
}
