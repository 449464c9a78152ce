// @ts-check
/**
 * Runs one command for the set-up and ends it, with everything it started, when the set-up is gone:
 * a set-up killed with SIGKILL cannot end its own children, and an `npm ci` or a compiler that
 * goes on alone would write into what the next set-up is building.
 *
 * The set-up holds the other end of standard input. A first `g` lets the command start: by then the
 * set-up has written this process into its lock, so that no command runs that nobody knows of. Any
 * other byte means "stop now", the end of input that the set-up is gone. In mode `finish` the
 * command is left alone then: a package manager stopped in the middle leaves the machine's packages
 * half configured.
 *
 * usage: node guard.mjs end|finish COMMAND [ARGUMENT...]
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";

const [mode, command, ...commandArguments] = process.argv.slice(2);
if (!command || (mode !== "end" && mode !== "finish")) {
  process.stderr.write("usage: guard.mjs end|finish COMMAND [ARGUMENT...]\n");
  process.exit(2);
}

/** @type {import("node:child_process").ChildProcess | undefined} */
let child;

/** @param {string} name */
function start(name) {
  // A process group of its own, so that the command's children end with it and this one stays.
  child = spawn(name, commandArguments, {
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  child.on("error", (error) => {
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exit(127);
  });
  child.on("exit", (code, signal) => {
    process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1));
  });
}

function stop() {
  if (child?.pid === undefined) process.exit(1);
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // ESRCH: it has ended by itself in this moment.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}

process.stdin.on("data", (bytes) => {
  // On a busy machine both may arrive at once.
  for (const byte of bytes) {
    if (!child && byte === "g".charCodeAt(0)) start(command);
    else stop();
  }
});
for (const event of ["end", "error"]) {
  process.stdin.on(event, () => {
    if (mode === "end" || !child) stop();
  });
}
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, stop);
process.on("SIGHUP", () => undefined); // The terminal's end is the set-up's affair.
