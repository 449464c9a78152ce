/** What an engine's answer about a container means for whoever waits until it serves. */

/** The part of an inspection that is looked at. */
export interface Inspected {
  readonly State: {
    /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
    readonly Status: string;
    readonly OOMKilled: boolean;
    readonly ExitCode: number;
    readonly StartedAt: string;
    /** When it ended last; in the year 1 where it never did. */
    readonly FinishedAt?: string;
    /** Absent when the container has no health check. */
    readonly Health?:
      | {
          /** `starting`, `healthy`, `unhealthy`, or `none` for a check that is turned off. */
          readonly Status: string;
          readonly Log?: readonly { readonly Output: string }[] | null;
        }
      | undefined;
  };
  readonly RestartCount: number;
}

export interface StateVerdict {
  readonly kind: "healthy" | "starting" | "failed";
  readonly evidence: string;
}

const NEVER = "0001-";
const OUT_OF_MEMORY = "a process in it was killed because the memory limit was reached";

/**
 * Whether a container serves, may still come to it, or will not.
 *
 * `first` is an earlier look at the same container: one that has started anew since is in a loop.
 */
export function judgeState(info: Inspected, first: Inspected = info): StateVerdict {
  const { State, RestartCount } = info;
  if (State.Status === "restarting")
    return failed(`it ended with code ${State.ExitCode} and is started again and again`);
  if (State.Status !== "running") return failed(notRunning(State));
  if (State.OOMKilled && !isOfEarlierLife(State, first.State)) return failed(OUT_OF_MEMORY);
  if (RestartCount !== first.RestartCount || State.StartedAt !== first.State.StartedAt)
    return failed("it ended and was started again");
  return judgeHealth(State.Health);
}

/** The engine (20.10.24) tells of a killed process only when its container ends, and goes on telling after the next start. */
function isOfEarlierLife({ FinishedAt = NEVER }: Inspected["State"], first: Inspected["State"]) {
  return first.OOMKilled && !FinishedAt.startsWith(NEVER);
}

function failed(evidence: string): StateVerdict {
  return { kind: "failed", evidence };
}

function notRunning({ Status, ExitCode, OOMKilled }: Inspected["State"]): string {
  if (Status === "created") return "it was never started";
  if (Status === "paused") return "it is paused";
  const reason = OOMKilled ? `: ${OUT_OF_MEMORY}` : "";
  return `it is ${Status}, with code ${ExitCode}${reason}`;
}

function judgeHealth(health: Inspected["State"]["Health"]): StateVerdict {
  switch (health?.Status) {
    case "healthy":
      return { kind: "healthy", evidence: "running and healthy" };
    case "starting":
      return { kind: "starting", evidence: "running, and its health check has not passed yet" };
    case "unhealthy":
      return failed(
        `it is unhealthy: ${health.Log?.at(-1)?.Output.trim() || "its check says nothing"}`,
      );
    default:
      return failed("it has no health check");
  }
}
