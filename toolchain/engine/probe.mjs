// @ts-check
import { spawn } from "node:child_process";
import { partFile, partVersion } from "./parts.mjs";

/** Enough for a cold start on a busy machine, in milliseconds. */
const LIMIT_MS = 60_000;

/**
 * Starts a part and looks at the first line that it prints; then ends it.
 * @param {import("./parts.mjs").EnginePart} part
 * @param {{pulumiHome: string, env?: NodeJS.ProcessEnv}} options
 * @returns {Promise<string | undefined>} what is wrong; undefined when it runs
 */
export function probePart(part, { pulumiHome, env = process.env }) {
  const file = partFile(part, pulumiHome);
  const expected = part.probe.prints.replaceAll("{version}", partVersion(part));
  return new Promise((resolve) => {
    const child = spawn(file, part.probe.args, {
      env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    let complaint = "";
    /** @param {string | undefined} problem */
    const finish = (problem) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      resolve(problem);
    };
    const timer = setTimeout(() => finish(`${file}: no answer within 60 s`), LIMIT_MS);
    child.on("error", (error) => finish(error.message));
    child.stderr.on("data", (data) => {
      complaint = String(data).trim() || complaint;
    });
    child.stdout.on("data", (data) => {
      printed += data;
      if (printed.includes("\n")) finish(judge(file, printed.split("\n", 1)[0] ?? "", expected));
    });
    child.on("close", (code) => finish(`${file} ended with code ${code}: ${complaint}`));
  });
}

/**
 * @param {string} file
 * @param {string} line
 * @param {string} expected
 * @returns {string | undefined}
 */
function judge(file, line, expected) {
  const right = expected === "port" ? /^\d{2,5}$/.test(line) : line === expected;
  return right ? undefined : `${file} prints "${line}" where "${expected}" is expected`;
}
