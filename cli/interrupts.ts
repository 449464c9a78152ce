import type { Display } from "./display";
import { EXIT_CODES } from "./exitCodes";

/** Work that can be asked to end, such as a run of the engine. */
export interface Interruptible {
  readonly isRunning: boolean;
  /** Asks it to end; a second time, to end at once. */
  interrupt(): void;
  /** Ends it. */
  kill(): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** After the second request the engine writes its state and ends; it is killed if it does not. */
const PATIENCE_MS = 10_000;

/**
 * Ctrl-C: the first one lets the engine finish what it is doing, the second one ends it at once.
 *
 * Without a running engine nothing is half done, and the first one ends this program.
 */
export class Interrupts {
  private count = 0;
  private command: Interruptible | undefined;

  constructor(private readonly display: Display) {
    for (const signal of SIGNALS) process.on(signal, () => this.handle());
  }

  /** Whether the user asked to stop. */
  get received(): boolean {
    return this.count > 0;
  }

  /** From now on signals go to this work. */
  watch(command: Interruptible): void {
    this.command = command;
  }

  private handle(): void {
    this.count += 1;
    if (!this.command?.isRunning) {
      this.display.stop();
      process.exit(EXIT_CODES.interrupted);
    }
    if (this.count === 1) {
      this.display.line("Stopping after the operations that have begun; again to stop at once.");
    } else {
      this.display.line("Stopping at once; the next run sets right what is half way.");
      setTimeout(() => this.command?.kill(), PATIENCE_MS).unref();
    }
    this.command.interrupt();
  }
}
