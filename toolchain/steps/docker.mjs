// @ts-check
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { capture, findOnPath } from "../command.mjs";
import { debianFamily, installDebianPackages, isRoot, requireDebianRoot } from "../debian.mjs";
import { lookAtDaemon } from "../dockerApi.mjs";
import { isAlive } from "../processes.mjs";
import { SetupError } from "../step.mjs";
import { compareVersions } from "../versionOrder.mjs";

/**
 * @typedef {import("../step.mjs").Context} Context
 * @typedef {import("../step.mjs").Part} Part
 */

const PACKAGES = ["docker.io", "iptables"];
/** Packages with what they depend on, in bytes; measured 0.3 GB. */
const DISK_BYTES = 600_000_000;
/** A cold daemon answers after 1 to 5 s; in milliseconds. */
const START_LIMIT = 60_000;
/** Where a daemon that no service manager looks after writes its log, and its own default pid file. */
const DAEMON_LOG = "/var/log/dockerd.log";
const PID_FILE = "/var/run/docker.pid";

/** @type {import("../step.mjs").Step} */
export const dockerStep = {
  name: "docker",
  title: "Docker Engine",
  scope: "machine",
  disk: ({ env }) =>
    findOnPath("dockerd", env)
      ? []
      : [{ folder: "/var/lib", bytes: DISK_BYTES, purpose: "Docker's packages" }],
  check: async (context) => [await checkDaemon(context), await checkClient(context)],
  run,
};

/**
 * @param {Context} context
 * @returns {Promise<Part>}
 */
async function checkDaemon({ env, versions }) {
  const daemon = await lookAtDaemon(env);
  const part = { name: "docker daemon", origin: daemon.endpoint };
  if (daemon.state !== "answers") {
    const problem = `the daemon at ${daemon.endpoint} cannot be used: ${daemon.message}`;
    return { ...part, healthy: false, problem, advice: adviseOnDaemon(daemon, env) };
  }
  const version = `${daemon.version} (API ${daemon.apiVersion})`;
  if (compareVersions(daemon.apiVersion ?? "0", versions.dockerApiMinimum) >= 0) {
    return { ...part, version, healthy: true };
  }
  return {
    ...part,
    version,
    healthy: false,
    problem: `Docker ${daemon.version} speaks API ${daemon.apiVersion}, ${versions.dockerApiMinimum} is needed`,
    advice: "update Docker Engine to 20.10 or later, or set DOCKER_HOST to one that is newer",
  };
}

/**
 * @param {import("../dockerApi.mjs").DaemonState} daemon
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
function adviseOnDaemon(daemon, env) {
  if (daemon.state === "denied") {
    return "add the user to the group docker and log in again, or set DOCKER_HOST to a rootless daemon's socket";
  }
  if (env.DOCKER_HOST)
    return "start that daemon, or unset DOCKER_HOST to use the one of this machine";
  if (daemon.state === "silent") return "the daemon hangs: look at its log and restart it";
  return "start Docker (`systemctl start docker`, or Docker Desktop), or run `npm start` as root on Debian or Ubuntu: it installs and starts it";
}

/**
 * @param {Context} context
 * @returns {Promise<Part>}
 */
async function checkClient({ env, deep }) {
  const file = findOnPath("docker", env);
  if (!file) {
    return {
      name: "docker client",
      healthy: false,
      problem: "no docker on PATH",
      advice: "install Docker's command line client (Debian: apt-get install docker.io)",
    };
  }
  const part = { name: "docker client", origin: file };
  if (!deep) return { ...part, healthy: true };
  const answer = await capture(file, ["version", "--format", "{{.Client.Version}}"], { env });
  // Without a daemon the client prints its version and then fails; that is the daemon's line.
  const version = answer.stdout.trim();
  if (version) return { ...part, version, healthy: true };
  return { ...part, healthy: false, problem: answer.message, advice: "install it again" };
}

/** @param {Context} context */
async function run(context) {
  const daemon = await lookAtDaemon(context.env);
  if (daemon.state === "answers") {
    const wrong = (await dockerStep.check(context)).find((part) => !part.healthy);
    if (wrong?.name === "docker client") return installClient(context);
    if (wrong) throw new SetupError(wrong.problem ?? wrong.name, wrong.advice ?? "");
    return;
  }
  const foreign = Boolean(context.env.DOCKER_HOST);
  if (foreign || daemon.state === "denied" || daemon.state === "silent") {
    const message = `the daemon at ${daemon.endpoint} cannot be used: ${daemon.message}`;
    throw new SetupError(message, adviseOnDaemon(daemon, context.env));
  }
  if (!findOnPath("dockerd", context.env)) await install(context);
  if ((await lookAtDaemon(context.env)).state !== "answers") await start(context);
  context.note("Docker Engine: started");
}

/** @param {Context} context */
async function installClient(context) {
  await requireDebianRoot("Docker's client", ["docker.io"], "install Docker's command line client");
  await installDebianPackages(context, ["docker.io"]);
}

/** @param {Context} context */
async function install(context) {
  const elsewhere = "install Docker Engine 20.10 or later (or Docker Desktop) and start it";
  await requireDebianRoot("Docker", PACKAGES, elsewhere);
  await installDebianPackages(context, PACKAGES);
}

/** @param {Context} context */
async function start(context) {
  if (!isRoot()) {
    throw new SetupError(
      "Docker is installed but does not run, and this user cannot start it",
      "as root: `systemctl start docker` (or start dockerd), then run the same command again",
    );
  }
  context.detail("waiting for the daemon");
  if (readFileSync("/proc/1/comm", "utf8").trim() === "systemd") {
    await context.run("systemctl", ["start", "docker"], { timeoutSeconds: 120 });
  } else if (!(await runningDaemon())) {
    startDetached(context.env);
  }
  await waitForDaemon(context);
}

/**
 * A daemon that was started moments ago does not answer yet; a second one beside it would fail on
 * the first one's pid file. A pid file whose number now belongs to something else blocks every
 * start, so it goes.
 * @returns {Promise<boolean>}
 */
async function runningDaemon() {
  let pid = 0;
  try {
    pid = Number(readFileSync(PID_FILE, "utf8"));
  } catch {
    return false; // No pid file: nothing runs.
  }
  let name = "";
  try {
    name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    // That process is gone.
  }
  if (name === "dockerd" && isAlive({ pid, started: "" })) return true;
  await rm(PID_FILE, { force: true });
  return false;
}

/**
 * In a session of its own, with its output in a file: it survives the set-up and its terminal.
 * @param {NodeJS.ProcessEnv} env
 */
function startDetached(env) {
  const log = openSync(DAEMON_LOG, "a");
  const daemon = spawn("dockerd", ["--pidfile", PID_FILE], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env,
  });
  daemon.on("error", () => undefined); // Shown by waitForDaemon: it will not answer.
  daemon.unref();
  closeSync(log);
}

/** @param {Context} context */
async function waitForDaemon(context) {
  const deadline = performance.now() + START_LIMIT;
  for (;;) {
    context.signal.throwIfAborted();
    const daemon = await lookAtDaemon(context.env, 2000);
    if (daemon.state === "answers") return;
    if (performance.now() > deadline) {
      throw new SetupError(
        `Docker was started but does not answer within ${START_LIMIT / 1000} s: ${daemon.message}`,
        `look at the daemon's log (${await daemonLogHint()})`,
      );
    }
    await sleep(200, undefined, { signal: context.signal });
  }
}

/** @returns {Promise<string>} */
async function daemonLogHint() {
  const answer = await capture("tail", ["-n", "5", DAEMON_LOG]);
  if (!answer.ok)
    return (await debianFamily()) ? "`journalctl -u docker`" : "see its service manager";
  return `${DAEMON_LOG} ends with:\n${answer.stdout.trimEnd()}`;
}
