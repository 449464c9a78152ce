import type Docker from "dockerode";
import type { StorageUse } from "../checks/storage";
import { runInContainer } from "./containerExec";
import { connectDocker, dockerFailure } from "./dockerHost";
import { errorText } from "./failure";
import { declaredStorage } from "./neighbours";
import { type Project, readStackFile } from "./project";

/** A volume with what its data takes, or why nobody knows. */
export type MeasuredStorage = StorageUse | { readonly volume: string; readonly because: string };

/** A large tree that nobody has read lately takes its time, and whoever asks is not to wait for it. */
const SECONDS = 10;

const MOUNTED_AT = "/config";

/**
 * What the data of each running editor takes on its disk, measured from within: no container is started for it.
 *
 * Nothing for editors that do not run, and for a stack whose file declares no storage. Throws a Failure when Docker
 * does not answer.
 */
export async function measureStorage(project: Project, stack: string): Promise<MeasuredStorage[]> {
  const declaredMebibytes = declaredStorage(readStackFile(project, stack).environment);
  if (declaredMebibytes === undefined) return [];
  const docker = await connectDocker();
  const filters = { label: [`doom.stack=${stack}`, "doom.role=code-server"] };
  let running: Docker.ContainerInfo[];
  try {
    running = await docker.listContainers({ filters });
  } catch (error) {
    throw dockerFailure(error);
  }
  const data = running.flatMap(({ Id, Mounts }) =>
    Mounts.flatMap(({ Destination, Name }) =>
      Destination === MOUNTED_AT && Name !== undefined ? [{ id: Id, volume: Name }] : [],
    ),
  );
  const measured = await Promise.all(
    data.map(async ({ id, volume }) => {
      const size = await sizeIn(docker.getContainer(id));
      return typeof size === "number"
        ? { volume, bytes: size, declaredMebibytes }
        : { volume, because: size.because };
    }),
  );
  return measured.sort((a, b) => a.volume.localeCompare(b.volume));
}

async function sizeIn(container: Docker.Container): Promise<number | { readonly because: string }> {
  const du = ["/usr/bin/du", "--summarize", "--one-file-system", "--block-size=1", MOUNTED_AT];
  try {
    const { code, stdout } = await runInContainer(container, du, { user: "0:0", seconds: SECONDS });
    // Files that vanish while it reads make its code 1, and the sum is right all the same.
    const bytes = /^(\d+)\s/.exec(stdout)?.[1];
    if (bytes !== undefined) return Number(bytes);
    return {
      because: code === 124 ? `it takes longer than ${SECONDS} s` : `du ended with ${code}`,
    };
  } catch (error) {
    return { because: errorText(error) };
  }
}
