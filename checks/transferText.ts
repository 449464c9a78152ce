import { formatDuration } from "./lock";

/** How far some work is, and when it began. */
export interface WorkDone {
  readonly bytes: number;
  readonly files: number;
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
    `${files} files`,
    ...(elapsed > 0 ? [`${bytesText(Math.round((bytes * 1000) / elapsed))}/s`] : []),
    ...(known ? [`${formatDuration((elapsed * (1 - fraction)) / fraction)} left`] : []),
  ].join(", ");
}

/** What may have to be written, and what there is room for. */
export interface Room {
  /** Bytes on disk of the source, each file once. */
  readonly neededBytes: number;
  readonly neededFiles: number;
  readonly freeBytes: number;
  /** File systems without a limit say 0 of 0. */
  readonly freeFiles: number | undefined;
}

/** What is wrong; undefined when there is room. */
export function roomProblem({
  neededBytes,
  neededFiles,
  freeBytes,
  freeFiles,
}: Room): string | undefined {
  if (neededBytes > freeBytes) {
    return `the target has ${bytesText(freeBytes)} free, and the data needs ${bytesText(neededBytes)}`;
  }
  if (freeFiles !== undefined && neededFiles > freeFiles) {
    return `the target has room for ${freeFiles} more files, and the data has ${neededFiles}`;
  }
  return undefined;
}
