import { isolationProblems } from "../checks/isolationProblems";
import { Failure } from "./failure";
import { proveReachability, type ReachabilityRequest } from "./reachability";

/**
 * Why it is not proven that environments are kept apart as declared, a line each; empty when it is.
 *
 * What cannot be proven is not proven: only an interruption is thrown.
 */
export async function isolationVerdict(
  request: ReachabilityRequest & { readonly signal: AbortSignal },
): Promise<string[]> {
  try {
    const proof = await proveReachability(request);
    request.signal.throwIfAborted();
    return isolationProblems(proof);
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof Failure) return [`NOT PROVEN: ${error.summary}`];
    throw error;
  }
}
