// @ts-check
import { execFile } from "node:child_process";
import { baseImageTag, ensureBaseImage } from "../baseImage.mjs";
import { CommandFailed } from "../command.mjs";
import { installDebianPackages } from "../debian.mjs";
import { inspectImage } from "../dockerApi.mjs";
import { SetupError } from "../step.mjs";

/**
 * @typedef {import("../step.mjs").Context} Context
 * @typedef {import("../step.mjs").Part} Part
 */

/** The archive, its unpacked form and the image; measured 0.5 GB. In bytes. */
const DISK_BYTES = 1_000_000_000;

/** @type {import("../step.mjs").Step} */
export const baseImageStep = {
  name: "base image",
  title: "base image of our images",
  scope: "machine",
  disk: () => [{ folder: "/var/lib/docker", bytes: DISK_BYTES, purpose: "base image" }],
  check: async (context) => [await check(context)],
  run,
};

/**
 * @param {Context} context
 * @returns {Promise<Part>}
 */
async function check({ env }) {
  const { tag } = baseImageTag();
  const part = { name: "base image", version: tag };
  try {
    const image = await inspectImage(env, tag);
    if (image) {
      // Only the one made here carries our label: a registry's knows nothing of it.
      const origin =
        image.labels["doom.role"] === "base" ? "made here with mmdebstrap" : "registry";
      return { ...part, origin, healthy: true };
    }
    const advice = "run `npm start`: it pulls or makes it";
    return { ...part, healthy: false, problem: `no image ${tag} in Docker`, advice };
  } catch (error) {
    const problem = `Docker cannot be asked: ${error instanceof Error ? error.message : error}`;
    return { ...part, healthy: false, problem, advice: "see the docker daemon" };
  }
}

/** @param {Context} context */
async function run(context) {
  try {
    const { tag, source } = await ensureBaseImage({ log: context.detail, run: runner(context) });
    context.note(`base image: ${tag} (${source})`);
  } catch (error) {
    context.signal.throwIfAborted();
    const message = error instanceof Error ? error.message : String(error);
    throw new SetupError(message, "see the message; then run the same command again");
  }
}

/**
 * apt goes through the set-up's own way, which survives an interruption; the rest are Docker's
 * client and mmdebstrap, which end by themselves with this process.
 * @param {Context} context
 * @returns {import("../baseImage.mjs").Run}
 */
function runner(context) {
  return async (command, args, options) => {
    if (command !== "apt-get") return collect(context, command, args, options);
    const packages = args.slice(1).filter((argument) => !argument.startsWith("-"));
    try {
      // It brings `update` itself.
      if (args[0] === "install") await installDebianPackages(context, packages);
      return { code: 0, stdout: "", stderr: "" };
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      return { code: 1, stdout: "", stderr: [error.message, ...error.output].join("\n") };
    }
  };
}

/**
 * @param {Context} context
 * @param {string} command
 * @param {string[]} args
 * @param {import("../baseImage.mjs").RunOptions} [options]
 * @returns {Promise<import("../baseImage.mjs").CommandResult>}
 */
function collect({ signal, env }, command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const settings = {
      env: options.env ?? env,
      signal,
      maxBuffer: 64 * 1024 * 1024,
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    };
    execFile(command, args, { ...settings, encoding: "utf8" }, (error, stdout, stderr) => {
      if (!error) return resolve({ code: 0, stdout, stderr });
      if (typeof error.code === "number") return resolve({ code: error.code, stdout, stderr });
      reject(error.killed ? new Error(`${command} took over ${options.timeoutMs} ms`) : error);
    });
  });
}
