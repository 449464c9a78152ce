import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The version of the peer of most figures, as it says itself. */
export async function composeVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)("docker-compose", ["version", "--short"]);
  return stdout.trim();
}
