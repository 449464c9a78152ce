import { relative } from "node:path";
import { SECRETS_KEY } from "../../config/keys";
import { type KeyReport, reportSteps, type StepReport } from "../../config/migrations/report";
import { Failure } from "../../operations/failure";
import { findProject, type Project } from "../../operations/project";
import { carryOut, planStackMigration, type StackMigration } from "../../operations/stackMigration";
import type { CommandContext } from "../engineRun";
import type { Outcome } from "../output";
import { table } from "../text";
import { init } from "./init";

export interface MigrateConfigOptions {
  /** The `.env` of an installer to take over. */
  readonly from?: string;
  /** Whether to show only what would be done. */
  readonly dryRun: boolean;
}

/** `doom migrate config <stack>`: brings a stack's file to the current schema, or begins it with an `.env`. */
export async function migrateConfig(
  stack: string,
  { from, dryRun }: MigrateConfigOptions,
  context: CommandContext,
): Promise<Outcome> {
  const project = findProject();
  const migration = planStackMigration(project, stack, from);
  const { changes, plan } = migration;
  const backup = dryRun || !changes ? undefined : await configure(project, migration, context);
  context.display.stop();
  const summary = {
    stack,
    file: relative(project.root, migration.path),
    changed: changes && !dryRun,
    steps: reportSteps(plan.steps),
    keys: plan.keys,
    ...(backup === undefined ? {} : { backup: relative(project.root, backup) }),
  };
  return { text: describe(summary, changes), data: { dryRun, upToDate: !changes, ...summary } };
}

/** Writes a planned migration; gives the backup of the stack's file. Makes the stack when there is none. */
export async function configure(
  project: Project,
  migration: StackMigration,
  context: CommandContext,
): Promise<string | undefined> {
  const { interrupts } = context;
  try {
    return await carryOut(project, migration, {
      createStack: () => createStack(migration.stack, context),
      watch: (command) => interrupts.watch(command),
    });
  } catch (error) {
    if (!interrupts.received) throw error;
    throw new Failure("interrupted", "Interrupted; the stack's file is as it was.");
  }
}

async function createStack(stack: string, context: CommandContext): Promise<void> {
  const { text } = await init([stack], context);
  context.display.line(text);
}

interface Summary {
  readonly stack: string;
  readonly file: string;
  readonly changed: boolean;
  readonly steps: readonly StepReport[];
  readonly keys: readonly KeyReport[];
  readonly backup?: string;
}

function describe(summary: Summary, changes: boolean): string {
  const { stack, file, steps, keys, backup, changed } = summary;
  const heading = changed
    ? `${file} is up to date now.`
    : changes
      ? `${file} would be changed; nothing was written.`
      : `${file} is up to date; nothing was written.`;
  return [
    heading,
    ...steps.map(({ from, to, title }) => `  ${from} to ${to}: ${title}`),
    ...(keys.length === 0 ? [] : ["", keyTable(keys)]),
    ...(backup === undefined ? [] : ["", `The file as it was: ${backup}`]),
    ...(changed ? ["", `Next: npx doom preview ${stack}, then npx doom up ${stack}`] : []),
  ].join("\n");
}

/** A line for each key. */
export const keyTable = (keys: readonly KeyReport[]) => table(keys.map(toRow));

/** Of values only the defaults are shown: of an unknown key nobody knows whether it holds a secret. */
function toRow(report: KeyReport): string[] {
  switch (report.outcome) {
    case "kept":
      return ["  kept", report.key];
    case "renamed":
      return ["  renamed", report.key, report.to];
    case "added":
      return ["  added", report.key, String(report.value), report.reason];
    case "secret":
      return ["  encrypted", report.key, `${SECRETS_KEY}.${report.to}`];
    case "notCarried":
      return ["  not carried", report.key, "", report.reason];
  }
}
