import type Docker from "dockerode";
import { editorUser } from "../checks/editorEnvironment";
import { runInContainer } from "./containerExec";

/** Whether an editor's volume takes what is written and gives it back. */

/** Where the volume is mounted, and on it the folder where the editor itself writes all the time. */
const MOUNT = "/config";
const FOLDER = `${MOUNT}/data`;

/** As much as an editor's own files need; a volume whose last free block is left takes less. */
const MEBIBYTE = 1024 * 1024;

const SECONDS = 10;

/** Writes random bytes, has them put on the disk, reads them back. The file goes in any case. */
const SCRIPT = `
set -euo pipefail
file=$1/.doom-gate-$$-$RANDOM
trap 'rm -f -- "$file"' EXIT
written=$(head --bytes "$2" /dev/urandom | tee -- "$file" | sha256sum)
sync -- "$file"
stored=$(sha256sum <"$file")
[[ $written == "$stored" ]] || { echo "what was read back is not what was written" >&2; exit 1; }
rm -- "$file"`;

/**
 * Writes a file through the volume that is mounted at `/config`, as the user whom the editor runs as,
 * reads it back and removes it; as a check of the gate.
 *
 * Throws an Error when nothing is mounted there, or with what the container's system says.
 */
export async function writeThroughVolume(container: Docker.Container) {
  const { Mounts, Config } = await container.inspect();
  if (!Mounts.some(({ Destination }) => Destination === MOUNT))
    throw new Error(`nothing is mounted at ${MOUNT}: what is written is lost with the container`);
  const user = editorUser(Config.Env);
  const command = ["bash", "-c", SCRIPT, "volume", FOLDER, String(MEBIBYTE)];
  const options = { user, seconds: SECONDS };
  const { code, stdout, stderr } = await runInContainer(container, command, options);
  if (code === 0) return { evidence: `1 MiB written to ${FOLDER} as ${user} and read back` };
  const said = stderr.trim() || stdout.trim() || `it ended with code ${code}`;
  throw new Error(`cannot write to ${FOLDER} as ${user}: ${said}`);
}
