import type { RunRequest } from "@pulumi/pulumi/proto/language_pb.js";
import { type Children, waitForEnd } from "./children";
import { type RuntimeOptions, readRuntimeOptions } from "./options";
import { resolveSdkScript } from "./packages";

/** The SDK's exit code for "failed, and the user has already seen why". */
const ALREADY_REPORTED = 32;

export interface RunContext {
  engineAddress: string;
  tracing: string;
  children: Children;
}

/** The outcome of a program, as RunResponse wants it. */
export interface RunResult {
  /** Empty on success. */
  error: string;
  /** The program failed and has reported it. */
  bail: boolean;
}

/**
 * Runs a program to its end.
 * @param onCancel registers what to do when the engine gives up the call
 */
export async function runProgram(
  request: RunRequest,
  context: RunContext,
  onCancel: (stop: () => void) => void,
): Promise<RunResult> {
  const info = request.getInfo();
  const directory = info?.getProgramDirectory() || request.getPwd();
  const options = readRuntimeOptions(info);
  const script = resolveSdkScript("run", directory);
  const child = context.children.start(
    process.execPath,
    [...options.nodeArguments, script, ...programArguments(request, context)],
    {
      cwd: directory,
      env: { ...process.env, ...programEnvironment(request, options) },
      // Nothing may read the engine's pipe; the output goes to the engine through this process's own.
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  onCancel(() => void context.children.stop(child));
  return describeEnd(await waitForEnd(child));
}

/** The command line of `@pulumi/pulumi/cmd/run`; options without a value are left out. */
export function programArguments(
  request: RunRequest,
  { engineAddress, tracing }: Pick<RunContext, "engineAddress" | "tracing">,
): string[] {
  const info = request.getInfo();
  const values: [string, string][] = [
    ["monitor", request.getMonitorAddress()],
    ["engine", engineAddress],
    ["organization", request.getOrganization()],
    ["project", request.getProject()],
    ["root-directory", info?.getRootDirectory() ?? ""],
    ["stack", request.getStack()],
    ["pwd", request.getPwd()],
    ["parallel", String(request.getParallel())],
    ["tracing", tracing],
  ];
  const args = values.flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value]));
  if (request.getDryrun()) args.push("--dry-run");
  return [...args, info?.getEntryPoint() || request.getProgram() || ".", ...request.getArgsList()];
}

/** What the SDK reads from the environment instead of the command line. */
export function programEnvironment(
  request: RunRequest,
  options: RuntimeOptions,
): Record<string, string> {
  const config: Record<string, string> = {};
  for (const [key, value] of request.getConfigMap().entries()) config[configKey(key)] = value;
  return {
    PULUMI_CONFIG: JSON.stringify(config),
    // Unlike the map's keys, the SDK looks these up as they come from the engine.
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    PULUMI_NODEJS_TYPESCRIPT: String(options.typescript),
    ...(options.tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
  };
}

/** The SDK's older spelling of a key, `<namespace>:config:<name>`, which all its versions read. */
export function configKey(key: string): string {
  const parts = key.split(":");
  if (parts.length === 2) return `${parts[0]}:config:${parts[1]}`;
  if (parts.length === 3 && parts[1] === "config") return key;
  throw new Error(`configuration key "${key}" is not of the form <namespace>:<name>`);
}

function describeEnd({ code, signal }: { code: number | null; signal: string | null }): RunResult {
  if (code === 0) return { error: "", bail: false };
  if (code === ALREADY_REPORTED) return { error: "", bail: true };
  const reason =
    signal === null
      ? `Program exited with non-zero exit code: ${code}`
      : `Program was ended by signal ${signal}`;
  return { error: reason, bail: false };
}
