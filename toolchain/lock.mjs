// @ts-check
import { randomBytes } from "node:crypto";
import {
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identifyProcess, isAlive, machineIdentity } from "./processes.mjs";

/**
 * A lock file that at most one set-up holds. It outlives a killed holder, so the next one takes it
 * over; what must never happen is that two take it over at once, or that one takes over while a
 * command of the dead holder still writes. Hence:
 * - the file appears complete, by `link` of a finished draft: nobody ever reads half a record;
 * - it names its holder's commands too, and is free only when they have ended as well;
 * - the right to remove a dead holder's file is itself such a lock, named after that holder.
 *
 * @typedef {import("./processes.mjs").ProcessIdentity} ProcessIdentity
 *
 * @typedef {object} LockRecord
 * @property {string} token Tells this holding of the lock from every other one.
 * @property {string} machine
 * @property {ProcessIdentity} holder
 * @property {ProcessIdentity[]} guards The holder's running commands.
 * @property {string} purpose For the message to those who wait.
 * @property {string} since
 *
 * @typedef {object} LockOptions
 * @property {string} purpose For the message to those who wait, for example the checkout's folder.
 * @property {(message: string) => void} [onWait] Called whenever what it waits for changes.
 * @property {AbortSignal} [signal]
 * @property {number} [pollMilliseconds] default 250
 * @property {number} [silenceSeconds] default 60: see `Watch`
 *
 * @typedef {object} Lock
 * @property {(guard: ProcessIdentity) => Promise<void>} addGuard
 * @property {(guard: ProcessIdentity) => Promise<void>} removeGuard
 * @property {() => Promise<void>} release
 */

/** How often a holder shows that it lives, in milliseconds. */
const REFRESH_INTERVAL = 5000;

/**
 * Waits for the lock as long as its holder lives.
 * @param {string} file in a folder that is made when missing
 * @param {LockOptions} options
 * @returns {Promise<Lock>}
 * @throws {Error} when the signal aborts or the folder cannot be written
 */
export async function acquireLock(file, options) {
  await mkdir(dirname(file), { recursive: true });
  const record = newRecord(options.purpose);
  const watch = new Watch(options.silenceSeconds ?? 60);
  let told = "";
  while (!(await create(file, record))) {
    options.signal?.throwIfAborted();
    const found = await read(file);
    if (found === undefined) continue; // Released between the two looks.
    if (await watch.isStale(file, found)) {
      await removeStale(file, found, options);
      continue;
    }
    const message = describe(found);
    if (message !== told) options.onWait?.(message);
    told = message;
    await sleep(
      options.pollMilliseconds ?? 250,
      undefined,
      options.signal ? { signal: options.signal } : {},
    );
  }
  await removeDrafts(file);
  return held(file, record);
}

/**
 * @param {string} purpose
 * @returns {LockRecord}
 */
function newRecord(purpose) {
  return {
    token: randomBytes(8).toString("hex"),
    machine: machineIdentity(),
    holder: identifyProcess(),
    guards: [],
    purpose,
    since: new Date().toISOString(),
  };
}

/**
 * @param {string} file
 * @param {LockRecord} record
 * @returns {Promise<boolean>} false when somebody else holds it
 */
async function create(file, record) {
  const draft = `${file}.draft-${record.token}`;
  await writeFile(draft, JSON.stringify(record));
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code;
    // ENOENT: a new holder swept the drafts while this one was being linked; try again.
    if (code === "EEXIST" || code === "ENOENT") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * @param {string} file
 * @returns {Promise<string | undefined>} the text as it stands; undefined when there is no lock
 */
async function read(file) {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * @param {string} text
 * @returns {LockRecord | undefined} undefined for a damaged file (a full disk, a power cut)
 */
function parse(text) {
  try {
    const record = JSON.parse(text);
    return typeof record?.token === "string" && typeof record?.holder?.pid === "number"
      ? record
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Decides whether a lock's holder is gone. On this machine the processes tell. A holder on another
 * machine (a shared home folder, or a container that was thrown away) and a damaged record cannot
 * be asked, but a living holder touches its file every few seconds: one that stays untouched for
 * the whole time that this process watched it is gone. No clocks are compared.
 */
class Watch {
  #silenceMilliseconds;
  #seen = { text: "", modified: 0, since: 0 };

  /** @param {number} silenceSeconds */
  constructor(silenceSeconds) {
    this.#silenceMilliseconds = silenceSeconds * 1000;
  }

  /**
   * @param {string} file
   * @param {string} text
   * @returns {Promise<boolean>}
   */
  async isStale(file, text) {
    const record = parse(text);
    if (record && record.machine === machineIdentity()) {
      return ![record.holder, ...record.guards].some(isAlive);
    }
    const modified = await stat(file).then(
      (status) => status.mtimeMs,
      () => 0, // Gone since: the caller looks again.
    );
    const seen = this.#seen;
    if (seen.text !== text || seen.modified !== modified) {
      this.#seen = { text, modified, since: performance.now() };
      return false;
    }
    return performance.now() - seen.since > this.#silenceMilliseconds;
  }
}

/**
 * Removes the file only while it still is the one found stale, and holds the right to do so.
 * @param {string} file
 * @param {string} found
 * @param {LockOptions} options
 */
async function removeStale(file, found, options) {
  const name = parse(found)?.token ?? "damaged";
  const { onWait: _, ...quiet } = options;
  const right = await acquireLock(`${file}.takeover-${name}`, quiet);
  try {
    if ((await read(file)) === found) await rm(file, { force: true });
  } finally {
    await right.release();
  }
}

/**
 * Drafts are left behind only by a holder killed between two system calls.
 * @param {string} file
 */
async function removeDrafts(file) {
  const prefix = `${basename(file)}.draft-`;
  for (const name of await readdir(dirname(file))) {
    if (name.startsWith(prefix)) await rm(join(dirname(file), name), { force: true });
  }
}

/**
 * @param {string} text
 * @returns {string}
 */
function describe(text) {
  const record = parse(text);
  if (!record) return "the lock file cannot be read; it is taken over if nobody touches it";
  return `waits for the set-up of process ${record.holder.pid} in ${record.purpose}`;
}

/**
 * @param {string} file
 * @param {LockRecord} record
 * @returns {Lock}
 */
function held(file, record) {
  const refresh = setInterval(() => {
    const now = new Date();
    // A failed touch is no reason to stop: on this machine the process itself is the proof.
    utimes(file, now, now).catch(() => undefined);
  }, REFRESH_INTERVAL);
  refresh.unref();

  /** @param {ProcessIdentity[]} guards */
  const update = async (guards) => {
    record.guards = guards;
    const draft = `${file}.draft-${record.token}`;
    await writeFile(draft, JSON.stringify(record));
    await rename(draft, file);
  };
  return {
    addGuard: (guard) => update([...record.guards, guard]),
    removeGuard: (guard) => update(record.guards.filter((other) => other.pid !== guard.pid)),
    release: async () => {
      clearInterval(refresh);
      // A command that was left to finish keeps the lock: it is free when that has ended.
      if (!record.guards.some(isAlive)) await rm(file, { force: true });
    },
  };
}
