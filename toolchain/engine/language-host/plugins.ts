import type { RunPluginRequest } from "@pulumi/pulumi/proto/language_pb.js";
import { type Children, waitForEnd } from "./children";
import { readRuntimeOptions } from "./options";
import { resolveSdkScript } from "./packages";

/** Where the output of a plugin goes while it runs. */
export interface PluginOutput {
  stdout(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
}

/** How to start a plugin. */
export interface PluginCommand {
  script: string;
  args: string[];
  workingDirectory: string;
}

/**
 * Runs a plugin or policy pack to its end.
 * @param onCancel registers what to do when the engine gives up the call, its way to end a plugin
 * @returns the exit code; 1 for a plugin that a signal ended
 */
export async function runPlugin(
  request: RunPluginRequest,
  children: Children,
  output: PluginOutput,
  onCancel: (stop: () => void) => void,
): Promise<number> {
  const { script, args, workingDirectory } = pluginCommand(request);
  const { nodeArguments } = readRuntimeOptions(request.getInfo());
  const child = children.start(process.execPath, [...nodeArguments, script, ...args], {
    cwd: workingDirectory,
    env: pluginEnvironment(request.getEnvList()),
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout?.on("data", output.stdout);
  child.stderr?.on("data", output.stderr);
  onCancel(() => void children.stop(child));
  const { code } = await waitForEnd(child);
  return code ?? 1;
}

/**
 * A policy pack runs in its own folder, where it finds its version, and gets the folder as the last
 * argument. Any other plugin runs where the engine says and gets its folder first.
 */
export function pluginCommand(request: RunPluginRequest): PluginCommand {
  const folder = request.getInfo()?.getProgramDirectory() || request.getProgram();
  const args = request.getArgsList();
  if (request.getKind() === "analyzer") {
    return {
      script: resolveSdkScript("run-policy-pack", folder),
      args: [...args, folder],
      workingDirectory: folder,
    };
  }
  return {
    script: resolveSdkScript("run-plugin", folder),
    args: [folder, ...args],
    workingDirectory: request.getPwd() || folder,
  };
}

/** The engine gives the whole environment as `NAME=value`; without one this process's own counts. */
export function pluginEnvironment(list: readonly string[]): NodeJS.ProcessEnv {
  if (list.length === 0) return process.env;
  return Object.fromEntries(
    list.map((entry) => {
      const end = entry.indexOf("=");
      return end < 0 ? [entry, ""] : [entry.slice(0, end), entry.slice(end + 1)];
    }),
  );
}
