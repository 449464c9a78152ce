import type { Place } from "../placeSearch";
import { listStacks } from "../project";
import type { StackSession } from "../stackSession";
import { volumeFiles, writtenFiles } from "./containerFiles";
import { containerLogs, inspections } from "./descriptions";
import { stackThings } from "./stackThings";

/**
 * What the project's other environments have on the Docker host.
 *
 * Their processes are the host's, and their files and states the project's: those are searched as such.
 */
export function otherEnvironments({ project, stack }: StackSession): Place {
  return {
    name: "other environments",
    mayBeEmpty: true,
    async *objects() {
      for (const other of listStacks(project).filter((name) => name !== stack)) {
        const things = await stackThings(other, { resources: [] });
        const places = [
          ...inspections(things),
          containerLogs(things),
          writtenFiles(things),
          volumeFiles(things),
        ];
        for (const place of places) yield* place.objects();
      }
    },
  };
}
