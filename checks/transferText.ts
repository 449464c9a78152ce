import { formatDuration } from "./lock";

/** How far some work is, and when it began. */
export interface WorkDone {
  readonly bytes: number;
  /** Absent when nobody counts them. */
  readonly files?: number;
  /** Of 1, as far as that is known. */
  readonly fraction?: number;
  /** Milliseconds since it began. */
  readonly elapsed: number;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `17 B`, `1.2 GiB`. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `1.2 GiB, 20000 files, 310.0 MiB/s, 7 s left`. */
export function workText({ bytes, files, fraction, elapsed }: WorkDone): string {
  const known = fraction !== undefined && fraction > 0 && fraction <= 1;
  return [
    bytesText(bytes),
    ...(files === undefined ? [] : [`${files} files`]),
    ...(elapsed > 0 ? [`${bytesText(Math.round((bytes * 1000) / elapsed))}/s`] : []),
    ...(known ? [`${formatDuration((elapsed * (1 - fraction)) / fraction)} left`] : []),
  ].join(", ");
}

/** What has to be written, and the file system that it has to fit on. */
export interface Room {
  readonly needed: {
    /** On the disk, each file once. */
    readonly bytes: number;
    readonly files: number;
    /** Of the files together as they are read, holes included; absent when nobody has to be wary of it. */
    readonly contents?: number;
  };
  readonly free: {
    readonly bytes: number;
    /** Undefined for file systems that have no such limit. */
    readonly files: number | undefined;
  };
  /** Of the whole file system, in bytes. */
  readonly size: number;
}

/** What is wrong; undefined when there is room. */
export function roomProblem({ needed, free, size }: Room): string | undefined {
  if (needed.bytes > free.bytes) {
    return `the target has ${bytesText(free.bytes)} free, and the data needs ${bytesText(needed.bytes)}`;
  }
  if (free.files !== undefined && needed.files > free.files) {
    return `the target has room for ${free.files} more files, and the data has ${needed.files}`;
  }
  // Holes take no room, but a file that is longer than the whole disk is one to jam it with.
  if (needed.contents !== undefined && needed.contents > size) {
    return `unpacked it has ${bytesText(needed.contents)}, more than the target's whole disk of ${bytesText(size)}`;
  }
  return undefined;
}
