import type Docker from "dockerode";
import { editorUser } from "../checks/editorEnvironment";
import { installedExtensions } from "../checks/extensionList";
import { runInContainer } from "./containerExec";

/** Where the images keep what a user installs; the built-in extensions lie elsewhere. */
const FOLDER = "/config/extensions";

/** Prints the list, then name and manifest of each folder, with a NUL behind each. */
const SCRIPT = `
set -euo pipefail
[[ -e $1 ]] || exit 0
cd "$1"
if [[ -e extensions.json ]]; then cat extensions.json; fi
printf '\\0'
for manifest in */package.json; do
  [[ -e $manifest ]] || continue
  printf '%s\\0' "\${manifest%/package.json}"
  cat "$manifest"
  printf '\\0'
done`;

const SECONDS = 10;

/**
 * The extensions that a user has installed in a running editor: `publisher.name@1.2.3`, sorted.
 *
 * Read from the files, as the editor does at its start: asking the editor itself would start a second
 * one, and a container's memory limit leaves no room for that. Throws an Error when they cannot be
 * read, or a listed extension's files are missing.
 */
export async function extensionsOf(container: Docker.Container): Promise<readonly string[]> {
  const { Config } = await container.inspect();
  // Not as root: a link in the folder may lead to what only root can read.
  const options = { user: editorUser(Config.Env), seconds: SECONDS };
  return extensionsIn(FOLDER, async (command) => {
    const { code, stdout, stderr } = await runInContainer(container, command, options);
    if (code === 0) return stdout;
    throw new Error(`cannot read ${FOLDER}: ${stderr.trim() || stdout.trim() || `code ${code}`}`);
  });
}

/** The same from a folder that a program sees which `run` starts; it gives what that program prints. */
export async function extensionsIn(
  folder: string,
  run: (command: readonly string[]) => Promise<string>,
): Promise<readonly string[]> {
  const stdout = await run(["bash", "-c", SCRIPT, "extensions", folder]);
  const [list = "", ...rest] = stdout.split("\0");
  const manifests = new Map<string, string>();
  for (let at = 0; at + 1 < rest.length; at += 2)
    manifests.set(rest[at] as string, rest[at + 1] as string);
  const { installed, damaged } = installedExtensions({ list, manifests });
  if (damaged.length > 0) throw new Error(`listed, but without their files: ${damaged.join(", ")}`);
  return installed;
}
