import type { Comparison } from "../../checks/benchVerdict";
import type { EngineLocation } from "../../operations/engine";

/** What every group is given. */
export interface BenchContext {
  readonly engine: EngineLocation;
  /** How often each contestant takes its turn. */
  readonly rounds: number;
  /** Aborted when the run is interrupted: what is running ends, and the group cleans up. */
  readonly signal: AbortSignal;
  /** Tells the user what goes on. */
  readonly report: (line: string) => void;
}

/** Figures that are measured together, because they share what it takes to measure them. */
export interface Group {
  readonly name: string;
  /** One sentence for the help text. */
  readonly summary: string;
  readonly rounds: number;
  /** Where the time goes that this project cannot save; printed below the figures. */
  readonly remark?: string;
  /** Measures; leaves nothing behind, whatever happens. */
  readonly measure: (context: BenchContext) => Promise<Comparison[]>;
}
