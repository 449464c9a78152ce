// @ts-check
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { stripVTControlCharacters } from "node:util";

/** Above this size, in bytes, the log of earlier runs is moved aside when a new run begins. */
const ROTATE_ABOVE = 4_000_000;
/** How much of the end is read to show the last lines, in bytes. */
const TAIL_BYTES = 64_000;

/**
 * The set-up's log: appended to by this process and, through its descriptor, by every command, so
 * that nothing is lost when either is killed. It is opened when the first step has something to
 * do: a run that changes nothing writes nothing.
 */
export class SetupLog {
  /** @type {number | undefined} */
  #descriptor;

  /** @param {string} file */
  constructor(file) {
    this.file = file;
  }

  /** @returns {number} */
  get fd() {
    this.#descriptor ??= this.#open();
    return this.#descriptor;
  }

  #open() {
    mkdirSync(dirname(this.file), { recursive: true });
    const size = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    if (size > ROTATE_ABOVE) renameSync(this.file, `${this.file}.1`);
    // Reading too: the last lines are taken from here.
    return openSync(this.file, "a+", 0o644);
  }

  /** @param {string} line */
  write(line) {
    writeSync(this.fd, `${new Date().toISOString()} ${line}\n`);
  }

  /** @returns {number} the present end, for `linesSince` */
  mark() {
    return fstatSync(this.fd).size;
  }

  /**
   * @param {number} mark
   * @param {number} count
   * @returns {string[]} the last lines written since, without terminal control sequences
   */
  linesSince(mark, count) {
    const start = Math.max(mark, this.mark() - TAIL_BYTES);
    const buffer = Buffer.alloc(Math.max(this.mark() - start, 0));
    const length = readSync(this.fd, buffer, 0, buffer.length, start);
    const lines = buffer.toString("utf8", 0, length).split(/[\r\n]+/);
    return lines
      .map((line) => stripVTControlCharacters(line).trimEnd())
      .filter(Boolean)
      .slice(-count);
  }

  close() {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
