// @ts-check

/**
 * What the set-up shows: on a terminal one line that moves, elsewhere a line when a step starts
 * and ends and one every now and then between, so that a long build in a CI log is seen to live.
 *
 * @typedef {object} ProgressOptions
 * @property {{write: (text: string) => unknown}} stream
 * @property {boolean} isTerminal
 * @property {number} [columns] default 80
 * @property {number} [heartbeatSeconds] default 30
 * @property {() => number} [now] milliseconds, for tests
 *
 * @typedef {object} Progress
 * @property {(title: string) => void} start
 * @property {(detail: string) => void} detail What the running step is doing now.
 * @property {(line: string) => void} note A line that stays.
 * @property {(outcome: string) => void} finish
 */

const FRAMES = ["|", "/", "-", "\\"];

/**
 * @param {number} seconds
 * @returns {string} `0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`
 */
export function formatElapsed(seconds) {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/**
 * @param {number} bytes
 * @returns {string} in powers of ten, as `df -H` shows: `1.5 GB`
 */
export function formatBytes(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : Number(value.toPrecision(2))} ${units[unit]}`;
}

/**
 * @param {ProgressOptions} options
 * @returns {Progress}
 */
export function createProgress(options) {
  return options.isTerminal ? createTerminalProgress(options) : createPlainProgress(options);
}

/**
 * @param {ProgressOptions} options
 * @returns {Progress}
 */
function createPlainProgress({ stream, heartbeatSeconds = 30, now = Date.now }) {
  const timer = createTimer(now);
  /** @param {string} line */
  const print = (line) => stream.write(`${line}\n`);
  return {
    start(title) {
      print(`${title} ...`);
      timer.start(title, heartbeatSeconds * 1000, () => {
        print(`${timer.title()}: still at it, ${timer.elapsed()}${timer.suffix()}`);
      });
    },
    detail: (text) => timer.setDetail(text),
    note: (line) => print(line),
    finish(outcome) {
      print(`${timer.title()}: ${outcome}, ${timer.elapsed()}`);
      timer.stop();
    },
  };
}

/**
 * @param {ProgressOptions} options
 * @returns {Progress}
 */
function createTerminalProgress({ stream, columns = 80, now = Date.now }) {
  const timer = createTimer(now);
  let frame = 0;
  const clear = () => stream.write("\r\u001b[K");
  const draw = () => {
    frame = (frame + 1) % FRAMES.length;
    const line = `${FRAMES[frame]} ${timer.title()} ${timer.elapsed()}${timer.suffix()}`;
    clear();
    // A line that wraps could not be taken back by a carriage return.
    stream.write(line.slice(0, columns - 1));
  };
  return {
    start(title) {
      timer.start(title, 200, draw);
      draw();
    },
    detail: (text) => timer.setDetail(text),
    note(line) {
      clear();
      stream.write(`${line}\n`);
    },
    finish(outcome) {
      clear();
      stream.write(`${timer.title()}: ${outcome}, ${timer.elapsed()}\n`);
      timer.stop();
    },
  };
}

/** @param {() => number} now */
function createTimer(now) {
  /** @type {NodeJS.Timeout | undefined} */
  let interval;
  let state = { title: "", detail: "", since: 0 };
  return {
    title: () => state.title,
    elapsed: () => formatElapsed((now() - state.since) / 1000),
    suffix: () => (state.detail ? `  ${state.detail}` : ""),
    /** @param {string} detail */
    setDetail: (detail) => {
      state.detail = detail;
    },
    /**
     * @param {string} title
     * @param {number} every milliseconds
     * @param {() => void} tick
     */
    start(title, every, tick) {
      clearInterval(interval);
      state = { title, detail: "", since: now() };
      interval = setInterval(tick, every);
      // Showing progress must never keep the process alive.
      interval.unref();
    },
    stop: () => clearInterval(interval),
  };
}
