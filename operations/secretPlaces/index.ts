import type { OpenStack } from "../engine";
import type { Place } from "../placeSearch";
import type { StackSession } from "../stackSession";
import { volumeFiles, writtenFiles } from "./containerFiles";
import { containerLogs, events, imageHistories, inspections } from "./descriptions";
import { engineRunner, previews, records, refusals } from "./engineOutput";
import { passphraseFiles, projectFiles, pulumiLogs, reports, stackFile, stateFiles } from "./files";
import { otherEnvironments } from "./otherEnvironments";
import { containerProcesses, hostProcesses } from "./processes";
import { savedImages } from "./savedImages";
import type { StackThings } from "./stackThings";

/** Every place where a secret of a stack must not stand: one more place is one more entry here. */
export interface SecretPlaces {
  /** To be searched before anything is started: Pulumi hands its programs secrets in variables. */
  readonly first: readonly Place[];
  /** Rows that may be searched side by side, each in its order: the engine's logs after its runs. */
  readonly rows: readonly (readonly Place[])[];
}

export function secretPlaces(
  session: StackSession,
  open: OpenStack,
  things: StackThings,
): SecretPlaces {
  const run = engineRunner(session, open);
  return {
    first: [containerProcesses(things), hostProcesses(things)],
    rows: [
      [
        ...inspections(things),
        imageHistories(things),
        events(things),
        containerLogs(things),
        writtenFiles(things),
        volumeFiles(things),
        otherEnvironments(session),
        savedImages(things),
      ],
      [
        stackFile(session),
        stateFiles(session),
        passphraseFiles(session),
        reports(session),
        projectFiles(session),
        ...records(session, run),
        ...previews(session, run),
        refusals(session, run),
        pulumiLogs(),
      ],
    ],
  };
}
