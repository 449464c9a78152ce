/**
 * Progress on standard error: on a terminal one live line below the finished ones, else plain
 * lines and, when nothing finishes for long, a sign of life.
 */

/** What {@link Display} writes to: `process.stderr`, or a recorder in tests. */
export interface DisplayTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 250;
/** Long enough not to fill a log, short enough for a CI runner's timeout without output. */
const SIGN_OF_LIFE_MS = 30_000;
const ERASE_LINE = "\r\u001b[K";

export class Display {
  private readonly began: number;
  private phase = "";
  private detail: () => string = () => "";
  private timer: NodeJS.Timeout | undefined;
  private lastLine: number;

  constructor(
    private readonly target: DisplayTarget = process.stderr,
    private readonly now: () => number = Date.now,
  ) {
    this.began = now();
    this.lastLine = this.began;
  }

  /** Begins a phase of the work; `detail` says at any moment how far it is. */
  enter(phase: string, detail: () => string = () => ""): void {
    this.phase = phase;
    this.detail = detail;
    if (!this.target.isTTY) this.writeLine(`${phase} ...`);
    this.timer ??= this.startTimer();
    this.redraw();
  }

  /** Prints a line that stays. */
  line(text: string): void {
    if (this.target.isTTY) this.target.write(ERASE_LINE);
    this.writeLine(text);
    this.redraw();
  }

  /** Takes the live line away; nothing is drawn until the next phase. */
  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    if (this.target.isTTY && this.phase !== "") this.target.write(ERASE_LINE);
    this.phase = "";
  }

  private startTimer(): NodeJS.Timeout {
    const timer = setInterval(() => this.tick(), REDRAW_MS);
    // The work keeps the process alive, not its display.
    timer.unref();
    return timer;
  }

  private tick(): void {
    if (this.target.isTTY) this.redraw();
    else if (this.now() - this.lastLine >= SIGN_OF_LIFE_MS) this.writeLine(this.liveText());
  }

  private writeLine(text: string): void {
    this.lastLine = this.now();
    this.target.write(`${text}\n`);
  }

  private liveText(): string {
    const elapsed = Math.round((this.now() - this.began) / 1000);
    const detail = this.detail();
    return `${this.phase}${detail === "" ? "" : `: ${detail}`}, ${elapsed} s`;
  }

  private redraw(): void {
    if (!this.target.isTTY || this.phase === "") return;
    // A wrapped line could not be erased again; some pseudo-terminals say that they have 0 columns.
    const width = Math.max(20, (this.target.columns || 80) - 1);
    this.target.write(`${ERASE_LINE}${this.liveText().slice(0, width)}`);
  }
}
