import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import path from "node:path";
import { buildSync } from "esbuild";

/**
 * Runs an operation as the stack's commands do, in a process of its own, from the present source.
 *
 * `folder` takes the bundled program; `environment` is all that the process gets.
 */
export function runOperation(
  name: string,
  folder: string,
  environment: Record<string, string>,
  args: readonly string[] = [],
): SpawnSyncReturns<string> {
  const program = path.join(folder, `${name}.cjs`);
  buildSync({
    entryPoints: [path.join("operations", `${name}.ts`)],
    bundle: true,
    platform: "node",
    outfile: program,
    logLevel: "error",
  });
  return spawnSync(process.execPath, [program, ...args], {
    env: environment,
    encoding: "utf8",
    timeout: 60_000,
  });
}
