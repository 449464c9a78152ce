import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

/**
 * The migration of configuration as a program of its own; gives the JSON document that it prints.
 *
 *     DOOM_STACK=dev node bin/operations/configMigration.js check
 *     node bin/operations/configMigration.js stack dev [--from FILE] [--dry-run]
 *     node bin/operations/configMigration.js env FILE [--dry-run]
 */
export async function runConfigMigration(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<object> {
  const { positionals, values } = parseArgs({
    args: [...args],
    options: { from: { type: "string" }, "dry-run": { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [action, subject] = positionals;
  // Each action loads only its own parts: `check` runs in an `up`.
  if (action === "check") return check(environment.DOOM_STACK);
  if (subject === undefined || (action !== "stack" && action !== "env")) {
    throw new Error(
      "allowed: check; stack NAME [--from FILE]; env FILE; --dry-run with the last two",
    );
  }
  return action === "env"
    ? migrateEnv(subject, values["dry-run"])
    : migrateStack(subject, values.from, values["dry-run"]);
}

async function check(stack: string | undefined): Promise<object> {
  if (!stack) throw new Error("DOOM_STACK is not set");
  const { checkStackFile } = await import("./stackFileCheck.js");
  return checkStackFile(readFileSync(`Pulumi.${stack}.yaml`), stack);
}

async function migrateEnv(path: string, dryRun: boolean): Promise<object> {
  const { migrateEnvFile } = await import("./envFileMigration.js");
  const { reportSteps } = await import("../config/migrations/report.js");
  const { steps, ...result } = migrateEnvFile(path, dryRun);
  return { file: path, ...result, steps: reportSteps(steps) };
}

async function migrateStack(
  stack: string,
  from: string | undefined,
  dryRun: boolean,
): Promise<object> {
  const { carryOut, planStackMigration } = await import("./stackMigration.js");
  const { reportSteps } = await import("../config/migrations/report.js");
  const { Failure } = await import("./failure.js");
  const { findProject } = await import("./project.js");
  const project = findProject();
  const migration = planStackMigration(project, stack, from);
  const { path, changes, plan } = migration;
  const report = { file: path, changed: changes, steps: reportSteps(plan.steps), keys: plan.keys };
  if (dryRun || !changes) return report;
  const backup = await carryOut(project, migration, {
    createStack: async () => {
      throw new Failure("configuration", `The stack ${stack} has not been created yet.`, {
        fix: `npx doom migrate config ${stack} creates it, too`,
      });
    },
    watch: () => {},
  });
  return { ...report, backup };
}

if (require.main === module) {
  runConfigMigration(process.argv.slice(2), process.env).then(
    (document) => process.stdout.write(`${JSON.stringify(document)}\n`),
    (error: Error) => {
      process.stderr.write(`configuration: ${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
