import { spread } from "../checks/benchVerdict";
import { type Cell, cell, missing, type Section, type Table, table, text } from "./document";
import { timeText } from "./evidence";
import { number, shown } from "./measures";

/** What was done to the project's own environments, as their records in the state folder say. */

export interface EnvironmentHistory {
  readonly stack: string;
  readonly upgrades: readonly {
    readonly service: string;
    readonly kind: "upgrade" | "rollback";
    readonly result: "verified" | "unverified";
    /** ISO 8601. */
    readonly at: string;
    /** Milliseconds of the stages of each that was replaced. */
    readonly timings: readonly Readonly<Record<string, number>>[];
  }[];
  readonly promotions: readonly {
    readonly from: string;
    readonly result: "promoted" | "refused" | "interrupted" | "failed" | "undone";
    readonly at: string;
  }[];
  readonly drills: readonly {
    readonly at: string;
    readonly seconds: number;
    readonly result: "restored and equal" | "failed";
  }[];
}

/** Undefined when nothing was ever done to any of them. */
export function historySection(histories: readonly EnvironmentHistory[]): Section | undefined {
  const used = histories.filter(
    ({ upgrades, promotions, drills }) => upgrades.length + promotions.length + drills.length > 0,
  );
  if (used.length === 0) return undefined;
  return {
    id: "history",
    title: "Your environments",
    blocks: [
      text(
        "From the records in the state folder: what was upgraded, promoted and tried out there.",
      ),
      historyTable(used),
    ],
  };
}

function historyTable(histories: readonly EnvironmentHistory[]): Table {
  return table(
    ["Environment", "Upgrades", "Cut-over", "Ways back", "Promotions to it", "Snapshot drills"],
    histories.map(({ stack, upgrades, promotions, drills }) => [
      cell(stack),
      outcomes(
        upgrades.filter(({ kind }) => kind === "upgrade"),
        ["verified", "unverified"],
      ),
      cutover(upgrades.filter(({ kind }) => kind === "upgrade")),
      outcomes(
        upgrades.filter(({ kind }) => kind === "rollback"),
        ["verified", "unverified"],
      ),
      outcomes(promotions, ["promoted", "refused", "interrupted", "failed", "undone"]),
      outcomes(drills, ["restored and equal", "failed"]),
    ]),
  );
}

interface Recorded {
  readonly result: string;
  readonly at: string;
}

/** `3 verified, 1 unverified`, and when the last one was. */
function outcomes(all: readonly Recorded[], results: readonly string[]): Cell {
  const last = all.at(-1);
  if (last === undefined) return cell("none");
  const parts = results.flatMap((result) => {
    const count = all.filter((one) => one.result === result).length;
    return count === 0 ? [] : [`${number(count)} ${result}`];
  });
  return cell(parts.join(", "), { detail: `last ${timeText(last.at)}` });
}

const STAGE = "cutover";

/** From the stop of the old one to data that is proven. */
function cutover(upgrades: EnvironmentHistory["upgrades"]): Cell {
  const times = upgrades.flatMap(({ timings }) => timings.flatMap((one) => one[STAGE] ?? []));
  if (times.length === 0) return missing();
  const { median } = spread(times);
  return cell(`${shown(median / 1000)} s`, { detail: `median of ${times.length}`, value: median });
}
