import { existsSync } from "node:fs";
import { join } from "node:path";
import type { InstallDependenciesRequest } from "@pulumi/pulumi/proto/language_pb.js";
import { type Children, waitForEnd } from "./children";
import { readRuntimeOptions } from "./options";
import type { PluginOutput } from "./plugins";

/** A lock file tells which package manager a folder belongs to. */
const LOCK_FILES = [
  ["package-lock.json", "npm"],
  ["yarn.lock", "yarn"],
  ["pnpm-lock.yaml", "pnpm"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
] as const;

/**
 * Installs the packages of a program, plugin or policy pack.
 * @throws Error when the package manager cannot start or fails; its output went to `output`
 */
export async function installDependencies(
  request: InstallDependenciesRequest,
  children: Children,
  output: PluginOutput,
  onCancel: (stop: () => void) => void,
): Promise<void> {
  const directory = request.getInfo()?.getProgramDirectory() || request.getDirectory();
  const manager = readRuntimeOptions(request.getInfo()).packageManager ?? detectManager(directory);
  const child = children.start(manager, ["install"], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout?.on("data", output.stdout);
  child.stderr?.on("data", output.stderr);
  onCancel(() => void children.stop(child));
  const { code, signal } = await waitForEnd(child);
  if (code !== 0) {
    throw new Error(
      `\`${manager} install\` in ${directory} failed: ${signal ?? `exit code ${code}`}`,
    );
  }
}

export function detectManager(directory: string): string {
  return LOCK_FILES.find(([file]) => existsSync(join(directory, file)))?.[1] ?? "npm";
}
