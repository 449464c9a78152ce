import type { UpgradeRecord } from "../../checks/upgradeRecord";
import { createProjectCopy } from "../support/projectCopy";
import { UpgradeLife } from "../support/upgradeLife";
import type { Soak, SoakContext, SoakRun } from "./soak";

export const [OLD, NEW] = ["4.133.0", "4.139.1"] as const;

/** One editor goes to another real version and back, while its data changes. */
export const upgradeSoak: Soak = {
  name: "upgrade",
  summary: "upgrades and rollbacks between real versions, image, file and data proven apart",
  count: 59,
  begin,
};

async function begin(context: SoakContext): Promise<SoakRun> {
  const life = await beginLife(context);
  const { stack, copy } = life;
  return {
    once: async (seed) => {
      let printed = "";
      await life.thereAndBack(seed, async () => {
        printed = await life.doom("upgrade", stack, "--to", NEW, "--watch", "0", "--json");
      });
      await life.removeKept();
      return { what: `${OLD} to ${NEW} and back`, timings: timingsOf(printed) };
    },
    end: () => copy.dispose(),
  };
}

/** Milliseconds of an upgrade's stages, and what else there was to do, by what `doom upgrade --json` printed. */
function timingsOf(printed: string): Record<string, number> {
  const { record } = JSON.parse(printed) as { record: UpgradeRecord };
  const timings = record.editors[0]?.timings ?? {};
  const known = Object.values(timings).reduce((sum, one) => sum + one, 0);
  const whole = Date.parse(record.finishedAt) - Date.parse(record.startedAt);
  return { ...timings, "all else": Math.max(0, whole - known) };
}

/** An environment of the old version; leaves nothing behind when it throws. */
export async function beginLife({ report }: SoakContext): Promise<UpgradeLife> {
  const copy = createProjectCopy();
  try {
    const life = new UpgradeLife(copy, await copy.addStack({ image: { version: OLD } }));
    report(`bringing up ${OLD}, which is built first where it is not there`);
    for (const command of ["init", "up"]) await life.doom(command, life.stack);
    return life;
  } catch (error) {
    await copy.dispose();
    throw error;
  }
}
