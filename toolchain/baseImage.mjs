// @ts-check
/**
 * The base image of every image in `images/`, and the certificates they are built with.
 * Free of dependencies: it runs before `npm ci`.
 */
import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("..", import.meta.url));
const versionsFile = join(repository, "toolchain", "versions.json");
const certificatesFolder = join(repository, "images", "extra-ca");
const hostCertificates = "/usr/local/share/ca-certificates";

/** A registry that answers delivers the 30 MB in far less; one that hangs may not hold us longer. */
const PULL_TIMEOUT_MS = 180_000;
/** Measured 25 to 55 s on two cores; the rest is for slow package mirrors. */
const BOOTSTRAP_TIMEOUT_MS = 1_200_000;
const COMMAND_TIMEOUT_MS = 300_000;
const REMOVE_TIMEOUT_MS = 60_000;

/** Named after the process that works in it, so that a later run knows which ones are abandoned. */
const WORK_FOLDER_PREFIX = "doom-coding-base-";

/**
 * @typedef {{ code: number, stdout: string, stderr: string }} CommandResult
 * @typedef {{ timeoutMs?: number, env?: NodeJS.ProcessEnv }} RunOptions
 * @typedef {(command: string, args: string[], options?: RunOptions) => Promise<CommandResult>} Run
 *   Resolves also for a non-zero exit code; rejects when the command cannot be started or is
 *   stopped after `timeoutMs` milliseconds.
 * @typedef {{ source: "registry" | "mmdebstrap" | "present", id: string, tag: string }} BaseImage
 */

/**
 * The tag of the base image that `toolchain/versions.json` asks for. The revision is raised when
 * the way it is made changes, so that an older one is not taken for it.
 * @returns {{ tag: string, suite: string }}
 */
export function baseImageTag() {
  const { base } = JSON.parse(readFileSync(versionsFile, "utf8"));
  return { tag: `doom-coding/base:${base.suite}-r${base.revision}`, suite: base.suite };
}

/**
 * Makes sure that the base image exists: takes the one that is there, else the registry's, else
 * makes one from Debian's packages. May be killed at any moment and run again: the tag is set
 * last, and what an earlier run left behind is removed.
 * @param {{ log?: (line: string) => void, run?: Run }} [options] `log` takes whole lines
 * @returns {Promise<BaseImage>} `source` says where the image came from in this run
 * @throws {Error} when Docker does not answer, or no way to make the image is open
 */
export async function ensureBaseImage({ log = () => {}, run = runCommand } = {}) {
  const { tag, suite } = baseImageTag();
  await removeLeftovers(run, log, tag);
  const present = await imageId(run, tag);
  if (present) return { source: "present", id: present, tag };

  /** @type {BaseImage["source"]} */
  let source = "registry";
  let id = await pullBase(run, log, suite);
  if (!id) {
    source = "mmdebstrap";
    id = await bootstrapBase(run, log, suite, unfinished(tag));
  }
  await mustRun(run, "docker", ["tag", id, tag]);
  if (source === "mmdebstrap") await mustRun(run, "docker", ["rmi", unfinished(tag)]);
  log(`base image ${tag}: ${id} (${source})`);
  return { source, id, tag };
}

/**
 * Copies the certificates that the host trusts beyond its distribution's into the build context,
 * where the Dockerfiles expect them: behind a proxy that signs with a certificate of its own, a
 * build reaches no registry without. Certificates put there by hand stay.
 * @param {{ from?: string, to?: string }} [options] the two folders
 * @returns {string[]} the names that were new or had changed
 */
export function copyHostCertificates({ from = hostCertificates, to = certificatesFolder } = {}) {
  mkdirSync(to, { recursive: true });
  if (!existsSync(from)) return [];
  const changed = readdirSync(from)
    .filter((name) => name.endsWith(".crt"))
    // Rewriting an equal file would change its time, and with it the image's cache key.
    .filter((name) => !sameContent(join(from, name), join(to, name)));
  for (const name of changed) copyFileSync(join(from, name), join(to, name));
  return changed;
}

/** @param {string} left @param {string} right */
function sameContent(left, right) {
  return existsSync(right) && readFileSync(left).equals(readFileSync(right));
}

/** @param {Run} run @param {string} reference @returns {Promise<string | undefined>} */
async function imageId(run, reference) {
  const args = ["image", "inspect", "--format", "{{.Id}}", reference];
  const { code, stdout, stderr } = await run("docker", args, { timeoutMs: COMMAND_TIMEOUT_MS });
  if (code === 0) return stdout.trim();
  if (/no such image/i.test(stderr)) return undefined;
  throw new Error(`docker image inspect ${reference}: ${stderr.trim()}`);
}

/** @param {Run} run @param {(line: string) => void} log @param {string} suite */
async function pullBase(run, log, suite) {
  const reference = `debian:${suite}-slim`;
  try {
    const args = ["pull", "--quiet", reference];
    const { code, stderr } = await run("docker", args, { timeoutMs: PULL_TIMEOUT_MS });
    if (code === 0) return await imageId(run, reference);
    log(`no ${reference} from a registry: ${lastLine(stderr)}`);
  } catch (error) {
    log(`no ${reference} from a registry: ${error instanceof Error ? error.message : error}`);
  }
  return undefined;
}

/**
 * An import that is never tagged could not be told from other untagged images.
 * @param {string} tag
 */
const unfinished = (tag) => `${tag}-unfinished`;

/**
 * @param {Run} run @param {(line: string) => void} log @param {string} suite
 * @param {string} tag what to call the result
 */
async function bootstrapBase(run, log, suite, tag) {
  await ensureMmdebstrap(run, log);
  const folder = mkdtempSync(join(tmpdir(), `${WORK_FOLDER_PREFIX}${process.pid}-`));
  try {
    const archive = join(folder, "base.tar");
    log(`making the base image with mmdebstrap (${suite})`);
    // pdeathsig: when this process is killed, mmdebstrap ends too and clears up, instead of
    // working on unseen beside the next run. setsid: an ending mmdebstrap signals its whole
    // process group, in which the script that called us may be.
    const guard = ["setpriv", "--pdeathsig", "TERM"];
    const bootstrap = ["mmdebstrap", ...mmdebstrapArguments(suite, archive)];
    await mustRun(run, "setsid", [...guard, ...bootstrap], {
      timeoutMs: BOOTSTRAP_TIMEOUT_MS,
      env: { ...process.env, TMPDIR: folder },
    });
    const labels = ["--change", "LABEL doom.role=base", "--change", 'CMD ["bash"]'];
    return (await mustRun(run, "docker", ["import", ...labels, archive, tag])).stdout.trim();
  } finally {
    await removeFolder(run, folder);
  }
}

/**
 * minbase, and without manuals and translations, as Docker's own `-slim` images are; licences stay.
 * @param {string} suite @param {string} archive
 */
function mmdebstrapArguments(suite, archive) {
  const unneeded = ["doc", "groff", "info", "linda", "lintian", "locale", "man"];
  return [
    "--variant=minbase",
    // Else a package that merges /usr in old systems comes along, and brings 50 MB of Perl.
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
    "--include=ca-certificates,usr-is-merged",
    ...unneeded.map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--dpkgopt=path-include=/usr/share/locale/locale.alias",
    '--aptopt=Acquire::Retries "3"',
    suite,
    archive,
  ];
}

/** @param {Run} run @param {(line: string) => void} log */
async function ensureMmdebstrap(run, log) {
  if (await commandExists(run, "mmdebstrap")) return;
  if (process.getuid?.() !== 0 || !(await commandExists(run, "apt-get"))) {
    throw new Error(
      "The base image can neither be pulled nor made here: install mmdebstrap (Debian, Ubuntu and " +
        "Fedora have it; on the first two as root: apt-get install mmdebstrap " +
        "debian-archive-keyring), or give Docker a registry that it can reach, and run this again.",
    );
  }
  log("installing mmdebstrap");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await mustRun(run, "apt-get", ["update"], { env });
  // Ubuntu's keyring does not hold Debian's keys.
  const packages = ["mmdebstrap", "debian-archive-keyring"];
  await mustRun(run, "apt-get", ["install", "--yes", "--no-install-recommends", ...packages], {
    env,
  });
}

/** @param {Run} run @param {string} name */
async function commandExists(run, name) {
  return (await run("sh", ["-c", 'command -v "$1"', "sh", name])).code === 0;
}

/**
 * Removes what a killed run left: work folders whose process is gone, an import not yet in use.
 * @param {Run} run @param {(line: string) => void} log @param {string} tag
 */
async function removeLeftovers(run, log, tag) {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${WORK_FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || processIsAlive(Number(owner))) continue;
    log(`removing what an interrupted run left: ${name}`);
    await removeFolder(run, join(tmpdir(), name));
  }
  if (await imageId(run, unfinished(tag))) {
    log(`removing what an interrupted run left: ${unfinished(tag)}`);
    await mustRun(run, "docker", ["rmi", unfinished(tag)]);
  }
}

/** @param {number} pid */
function processIsAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH";
  }
}

/**
 * The folder may hold a half-made root file system with something of the host mounted into it:
 * never remove across a mount. An mmdebstrap that was told to end takes some seconds in which it
 * still writes, so a refusal is final only after a while.
 * @param {Run} run @param {string} folder
 */
async function removeFolder(run, folder) {
  const deadline = Date.now() + REMOVE_TIMEOUT_MS;
  for (;;) {
    const { code, stderr } = await run("rm", ["-rf", "--one-file-system", folder]);
    if (code === 0) return;
    if (Date.now() > deadline) throw new Error(`cannot remove ${folder}: ${lastLine(stderr)}`);
    await setTimeout(1000);
  }
}

/** @param {Run} run @param {string} command @param {string[]} args @param {RunOptions} [options] */
async function mustRun(run, command, args, options) {
  const result = await run(command, args, { timeoutMs: COMMAND_TIMEOUT_MS, ...options });
  if (result.code === 0) return result;
  const output = result.stderr.trim() || result.stdout.trim();
  throw new Error(`${command} ${args.join(" ")} ended with code ${result.code}:\n${tail(output)}`);
}

/** @param {string} text */
const lastLine = (text) => text.trim().split("\n").at(-1) ?? "";

/** @param {string} text */
const tail = (text) => text.split("\n").slice(-15).join("\n");

/** @type {Run} */
function runCommand(command, args, { timeoutMs, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    const expiry = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    expiry?.addEventListener("abort", () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("close", (code) => {
      // A success in the last moment is one: `expiry` alone does not say that it was stopped.
      if (code !== 0 && expiry?.aborted) reject(new Error(`${command} took over ${timeoutMs} ms`));
      else resolve({ code: code ?? 1, stdout, stderr });
    });
  });
}
