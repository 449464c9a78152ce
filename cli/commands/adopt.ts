import { bytesText } from "../../checks/transferText";
import { type AdoptionResult, adoptSetup, type OldVerdict } from "../../operations/adoption";
import { type AdoptionPlan, planAdoption } from "../../operations/adoptionPlan";
import { Failure } from "../../operations/failure";
import { blamingOtherRuns } from "../../operations/locks";
import { findProject } from "../../operations/project";
import { openEnvironmentSession } from "../../operations/stackSession";
import type { CommandContext } from "../engineRun";
import { Interruption } from "../interruption";
import type { Outcome } from "../output";
import { configure, keyTable } from "./migrateConfig";
import { updateEnvironment } from "./up";

export interface AdoptOptions {
  /** The `.env` of the setup, or its folder. */
  readonly from?: string;
  /** The port of a new stack, as it was written. */
  readonly port?: string;
  /** Whether to show only what would be done. */
  readonly dryRun: boolean;
  /** Shows the plan and asks; throws unless the user agrees. */
  readonly confirm: (plan: string) => Promise<void>;
}

/** `doom adopt [stack]`: takes over the single-host installer's setup, and leaves it as it is. */
export async function adopt(
  stack: string,
  { from, port, dryRun, confirm }: AdoptOptions,
  context: CommandContext,
): Promise<Outcome> {
  const request = {
    stack,
    ...(from === undefined ? {} : { from }),
    ...(port === undefined ? {} : { port: portNumber(port) }),
  };
  const plan = await interruptibly(context, ({ signal }) =>
    planAdoption({ ...request, signal }, context.display),
  );
  context.display.stop();
  if (plan.state === "adopted") return describeAdopted(plan, dryRun);
  if (dryRun) return describePlan(plan);
  await confirm(planText(plan));
  return describeResult(plan, await carryOut(plan, context));
}

function carryOut(plan: AdoptionPlan, context: CommandContext): Promise<AdoptionResult> {
  const { display, interrupts } = context;
  return interruptibly(context, (interruption) => {
    /** The engine takes the signals while it runs. */
    const withEngine = async (work: () => Promise<unknown>) => {
      await work();
      if (interrupts.received) throw new Failure("interrupted", "Interrupted.", { fix: RUN_AGAIN });
      interrupts.watch(interruption);
    };
    const steps = {
      configure: () => withEngine(() => configure(findProject(), plan.migration, context)),
      bringUp: () => withEngine(() => bringUp(plan.stack, context)),
    };
    return adoptSetup(plan, steps, display, interruption.signal);
  });
}

const RUN_AGAIN = "run the same command again: it goes on from there";

async function interruptibly<T>(
  { interrupts }: CommandContext,
  work: (interruption: Interruption) => Promise<T>,
): Promise<T> {
  const interruption = new Interruption();
  interrupts.watch(interruption);
  try {
    return await work(interruption);
  } finally {
    interruption.end();
  }
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new Failure("usage", `--port: got ${JSON.stringify(text.slice(0, 20))}.`, {
    fix: "allowed is a TCP port from 1024 to 65535",
  });
}

async function bringUp(stack: string, context: CommandContext): Promise<void> {
  const session = await openEnvironmentSession(stack);
  await blamingOtherRuns(session.project, stack, () => updateEnvironment(session, context));
}

/** What there is to do, for programs. */
function planData(plan: AdoptionPlan): Outcome["data"] {
  const { setup, migration, state, size, stops, extensions, volume, url } = plan;
  return {
    from: setup.env,
    state,
    url,
    volume,
    config: setup.config.at,
    ...(setup.workspace ? { workspace: setup.workspace.at } : {}),
    keys: migration.plan.keys,
    size,
    stops,
    extensions,
    left: setup.left,
  };
}

function planText(plan: AdoptionPlan): string {
  const { setup, migration, stack, size, stops, extensions } = plan;
  const { keys } = migration.plan;
  const { editor } = setup.parts;
  return [
    `The setup in ${setup.folder} becomes the environment ${stack}; nothing of it is changed.`,
    "",
    `  Settings   ${setup.env} to Pulumi.${stack}.yaml${migration.changes ? "" : ": nothing to change"}`,
    ...(migration.changes ? [keyTable(keys).replaceAll(/^/gm, "           ")] : []),
    ...dataLines(plan),
    `  Holds      ${bytesText(size.bytes)} in ${size.files} files; ${countText(extensions)}`,
    `  Editor     ${editor ? `${editor.name}, ${editor.state}` : "its container is gone"}`,
    `  Stops      ${stops.length > 0 ? `${stops.join(", ")}, for a moment at the end of the copy` : "nothing"}`,
    `  Address    ${plan.url}`,
    ...(setup.workspace ? ["  Paths      /workspace is /config/workspace there"] : []),
    ...(setup.left.length === 0 ? [] : ["", "  Left where it is, not used by the environment:"]),
    ...setup.left.map(({ what, why }) => `    ${what}: ${why}`),
  ].join("\n");
}

function dataLines({ state, note, setup, volume }: AdoptionPlan): string[] {
  if (state === "copied") return [`  Data       copied at ${note?.copiedAt} already, and proven`];
  const { config, workspace } = setup;
  return [
    `  Data       ${config.title} to the volume ${volume}`,
    ...(workspace ? [`             ${workspace.title} to workspace in it`] : []),
  ];
}

const countText = ({ length }: readonly string[]) =>
  length === 1 ? "1 extension" : `${length} extensions`;

function describePlan(plan: AdoptionPlan): Outcome {
  return {
    text: `${planText(plan)}\n\nNothing was changed.`,
    data: { dryRun: true, ...planData(plan) },
  };
}

function describeAdopted(plan: AdoptionPlan, dryRun: boolean): Outcome {
  const { stack, setup, note } = plan;
  const text = [
    `${stack} has taken over the setup in ${setup.folder} already, with its data of ${note?.copiedAt}.`,
    "Nothing was changed.",
    "",
    ...wayBack(plan),
  ].join("\n");
  return { text, data: { dryRun, changed: false, ...planData(plan), ...note } };
}

function describeResult(plan: AdoptionPlan, result: AdoptionResult): Outcome {
  const { stack, setup } = plan;
  const { copy, copiedAt, extensions, gate, old } = result;
  const text = [
    `${stack} has taken over the setup in ${setup.folder}.`,
    "",
    `  Open       ${plan.url}`,
    `  Password   the old one; npx doom password ${stack} shows it`,
    ...(copy === undefined
      ? [`  Data       as it was at ${copiedAt}, copied by an earlier run`]
      : [
          `  Data       ${copy.manifest.entries} paths with ${bytesText(copy.manifest.bytes)}, equal in everything`,
        ]),
    `  Editor     passed ${gate.checks.length} checks, with ${countText(extensions)}`,
    ...(copy && copy.stopped.length > 0
      ? [`  Stopped    ${copy.stopped.join(", ")} for ${copy.downtime.toFixed(1)} s; running again`]
      : []),
    ...old.flatMap(oldLines),
    "",
    ...wayBack(plan),
  ].join("\n");
  const data = { ...planData(plan), ...result, wayBack: wayBack(plan) };
  return { text, data: { dryRun: false, changed: true, ...data } };
}

const OLD_STATES: Readonly<Record<OldVerdict["state"], string>> = {
  unchanged: "as it was, by its manifest",
  changed: "others have changed it since it was copied; this is not in the environment:",
  inUse: "only read; in use as before",
};

function oldLines({ what, state, differences }: OldVerdict): string[] {
  return [
    `  Old data   ${what}: ${OLD_STATES[state]}`,
    ...differences.map((line) => `             ${line}`),
  ];
}

function wayBack({ stack, setup }: AdoptionPlan): string[] {
  const { editor } = setup.parts;
  return [
    "The way back: the old setup is whole. To go on with it,",
    `  npx doom down ${stack} --purge   deletes the environment, and what was done in it since`,
    editor?.state === "running"
      ? `  ${editor.name} runs as before`
      : `  cd ${setup.folder} && docker compose up --detach   starts the old editor`,
  ];
}
