import { allowedVersions, supportProblems } from "../support";
import type { Part } from "../supportTable";
import { type Finding, known, type Partly, type RemoteImageInputs } from "./facts";
import { show } from "./secretShapes";

/** The build argument that chooses what an image of this project holds, by the image's folder. */
const CHOICES: readonly { folder: string; argument: string; part: Part }[] = [
  { folder: "code-server", argument: "CODE_SERVER_VERSION", part: "code-server" },
  { folder: "claude", argument: "CLAUDE_VERSION", part: "claude-code" },
  { folder: "tailscale", argument: "TAILSCALE_VERSION", part: "tailscale" },
];

/**
 * An image is built with a version that somebody has tried: others may need another Node.js, or change
 * the data so that no way leads back.
 *
 * An image that is not built but named by its content is not judged: it says nothing of its version.
 */
export function supportedVersion(image: RemoteImageInputs): readonly Finding[] {
  return known(image.build, "build", (build) =>
    known(build?.buildArgs, "build.buildArgs", (given) => {
      const values = new Map<string, Partly<string>>(Object.entries(given ?? {}));
      return CHOICES.flatMap(({ folder, argument, part }) => {
        const at = `build.buildArgs.${argument}`;
        const fix = `use ${allowedVersions(part)}`;
        const version = values.get(argument);
        return version === undefined
          ? isDeclared(build?.dockerfile, folder, { at, fix })
          : isKnown(version, part, { at, fix });
      });
    }),
  );
}

interface Place {
  readonly at: string;
  readonly fix: string;
}

function isKnown(given: Partly<string>, part: Part, place: Place): readonly Finding[] {
  return known(given, place.at, (version) =>
    supportProblems({ [part]: version }).length === 0
      ? []
      : [{ ...place, problem: `is ${show(version)}, which the support table does not know` }],
  );
}

function isDeclared(
  dockerfile: Partly<string | undefined>,
  folder: string,
  place: Place,
): readonly Finding[] {
  return known(dockerfile, place.at, (file) =>
    file?.startsWith(`${folder}/`)
      ? [{ ...place, problem: "is not set, so that no configuration decides" }]
      : [],
  );
}
