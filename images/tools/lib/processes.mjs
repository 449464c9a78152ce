// @ts-check
import { spawn } from "node:child_process";
import { once } from "node:events";

/** How much of a program's complaints is kept, in characters. */
const COMPLAINTS_KEPT = 4000;

/**
 * @typedef {{ code: number, stdout: Buffer, stderr: string }} Result
 */

/**
 * Runs a program to its end with `input` on its standard input; any exit code is an answer.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} folder where it runs
 * @param {Buffer} input
 * @returns {Promise<Result>}
 */
export async function run(command, args, folder, input) {
  const child = spawn(command, args, { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  /** @type {Buffer[]} */
  const output = [];
  child.stdout.on("data", (chunk) => output.push(chunk));
  const stderr = collect(child.stderr);
  // A program that ends before it has read everything says so by its exit code.
  child.stdin.on("error", () => {}).end(input);
  const [code, signal] = await once(child, "close");
  const reason = signal === null ? "" : `${command} was ended by ${signal}\n`;
  return { code: code ?? -1, stdout: Buffer.concat(output), stderr: reason + stderr() };
}

/**
 * @param {import("node:stream").Readable} stream
 * @returns {() => string} what came so far, shortened
 */
export function collect(stream) {
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk) => {
    if (text.length < COMPLAINTS_KEPT) text += chunk;
  });
  return () => text.slice(0, COMPLAINTS_KEPT).trim();
}
