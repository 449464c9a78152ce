import { Failure } from "../operations/failure";
import { EXIT_CODES } from "./exitCodes";
import type { Interruptible } from "./interrupts";

/** Work of ours that ends when its signal says so, and then sets right what it had changed. */
export class Interruption implements Interruptible {
  isRunning = true;
  private readonly controller = new AbortController();

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  interrupt(): void {
    this.controller.abort(
      new Failure("interrupted", "Interrupted.", {
        fix: "run the same command again: it goes on from there",
      }),
    );
  }

  /** Without waiting for what is being set right; the next run does it. */
  kill(): void {
    process.exit(EXIT_CODES.interrupted);
  }

  /** The work is done. */
  end(): void {
    this.isRunning = false;
  }
}
