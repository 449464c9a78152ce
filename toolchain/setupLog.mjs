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
/** How much of a command's output is read at either end for an excerpt, in bytes. */
const EXCERPT_BYTES = 32_000;
const FIRST_LINES = 6;
const LAST_LINES = 18;

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
   * What a command printed, for a message: whole when it is short, else its beginning and its end.
   * Some tools give the reason first and then pages of usage, others a page of progress first.
   * @param {number} mark
   * @returns {string[]} lines without terminal control sequences
   */
  excerptSince(mark) {
    const end = this.mark();
    const lines = this.#linesBetween(mark, Math.min(end, mark + EXCERPT_BYTES));
    if (end <= mark + EXCERPT_BYTES && lines.length <= FIRST_LINES + LAST_LINES + 1) return lines;
    const last = this.#linesBetween(Math.max(mark, end - EXCERPT_BYTES), end);
    return [...lines.slice(0, FIRST_LINES), "...", ...last.slice(-LAST_LINES)];
  }

  /**
   * @param {number} start
   * @param {number} end
   * @returns {string[]}
   */
  #linesBetween(start, end) {
    const buffer = Buffer.alloc(Math.max(end - start, 0));
    const length = readSync(this.fd, buffer, 0, buffer.length, start);
    const lines = buffer.toString("utf8", 0, length).split(/[\r\n]+/);
    return lines.map((line) => stripVTControlCharacters(line).trimEnd()).filter(Boolean);
  }

  close() {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
