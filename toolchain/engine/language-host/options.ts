import type { ProgramInfo } from "@pulumi/pulumi/proto/language_pb.js";

/** What the engine says on the command line. */
export interface HostArguments {
  engineAddress: string;
  /** Endpoint for traces, passed on to the program. */
  tracing: string;
}

/** `runtime.options` of Pulumi.yaml, as far as this host knows them. */
export interface RuntimeOptions {
  typescript: boolean;
  /** Path of the TypeScript configuration, relative to the program. */
  tsconfig?: string;
  /** Arguments of node itself, before the script. */
  nodeArguments: string[];
  packageManager?: "npm" | "yarn" | "pnpm" | "bun";
}

const PACKAGE_MANAGERS = ["npm", "yarn", "pnpm", "bun"] as const;

/**
 * Reads `[--logtostderr] [-v=N] [--tracing URL] ADDRESS`.
 * @throws Error when the address is missing
 */
export function parseArguments(args: readonly string[]): HostArguments {
  const result: HostArguments = { engineAddress: "", tracing: "" };
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? "";
    if (argument === "--tracing") result.tracing = args[++i] ?? "";
    else if (argument.startsWith("--tracing=")) result.tracing = argument.slice(10);
    else if (!argument.startsWith("-")) result.engineAddress = argument;
  }
  if (result.engineAddress === "") {
    throw new Error("pulumi-language-nodejs: the address of the engine is missing");
  }
  return result;
}

/**
 * @throws Error that names the option, its value and what is allowed
 */
export function readRuntimeOptions(info: ProgramInfo | undefined): RuntimeOptions {
  const given: Record<string, unknown> = info?.getOptions()?.toJavaScript() ?? {};
  const options: RuntimeOptions = { typescript: true, nodeArguments: [] };
  for (const [name, value] of Object.entries(given)) {
    if (name === "typescript") {
      if (typeof value !== "boolean") throw invalid(name, value, "true or false");
      options.typescript = value;
    } else if (name === "tsconfig") {
      if (typeof value !== "string") throw invalid(name, value, "a path");
      options.tsconfig = value;
    } else if (name === "nodeargs") {
      if (typeof value !== "string") throw invalid(name, value, "arguments separated by spaces");
      options.nodeArguments = value.split(/\s+/).filter((argument) => argument !== "");
    } else if (name === "packagemanager") {
      const known = PACKAGE_MANAGERS.find((manager) => manager === value);
      if (known === undefined) throw invalid(name, value, PACKAGE_MANAGERS.join(", "));
      options.packageManager = known;
    }
  }
  return options;
}

function invalid(name: string, value: unknown, allowed: string): Error {
  return new Error(
    `Pulumi.yaml: runtime option "${name}" is ${JSON.stringify(value)}; allowed: ${allowed}`,
  );
}
