import { isolationProblems, RepeatedProof } from "../checks/isolationProblems";
import { Failure } from "./failure";
import { proveOnce, type ReachabilityRequest } from "./reachability";

/** How often it is tried to get answers at all: an upgrade is not taken back for what its host has to do beside. */
const ATTEMPTS = 5;

/**
 * Why it is not proven that environments are kept apart as declared, a line each; empty when it is.
 *
 * What cannot be proven is not proven, but is tried again first. Only an interruption is thrown.
 */
export async function isolationVerdict(
  request: ReachabilityRequest & { readonly signal: AbortSignal },
  prove = proveOnce,
): Promise<string[]> {
  const repeated = new RepeatedProof();
  let problems: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      const proof = await prove(request);
      request.signal.throwIfAborted();
      problems = isolationProblems(proof);
      if (!repeated.isInconclusive(proof)) return problems;
    } catch (error) {
      request.signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      problems = [`NOT PROVEN: ${error.summary}`];
    }
  }
  return problems;
}
