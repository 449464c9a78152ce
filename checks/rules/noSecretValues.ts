import {
  type CommandInputs,
  type ContainerInputs,
  each,
  type Finding,
  known,
  type Partly,
  type RemoteImageInputs,
} from "./facts";
import { secretIn, secretInSetting } from "./secretShapes";

const FIX = "hand it over as a mounted file";

function found(at: string, kind: string | undefined, fix = FIX): readonly Finding[] {
  // Never the value: a preview is pasted into tickets.
  return kind === undefined ? [] : [{ at, problem: `holds ${kind}`, fix }];
}

type Texts = Partly<readonly string[] | undefined>;

function inTexts(list: Texts, at: string): readonly Finding[] {
  return each(list as ContainerInputs["command"], at, (text, where) =>
    found(where, secretIn(text) ?? secretInArgument(text)),
  );
}

/** `--password=x`, `PASSWORD=x`. */
function secretInArgument(text: string): string | undefined {
  const match = /^-{0,2}([\w.-]+)=(.*)$/s.exec(text);
  return match ? secretInSetting(match[1] as string, match[2] as string) : undefined;
}

function inMap(
  map: Partly<{ readonly [key: string]: string } | undefined>,
  at: string,
  fix = FIX,
): readonly Finding[] {
  return known(map, at, (settings) =>
    Object.entries((settings ?? {}) as Record<string, Partly<string>>).flatMap(([key, value]) =>
      known(value, `${at}.${key}`, (text) =>
        found(`${at}.${key}`, secretInSetting(key, String(text)), fix),
      ),
    ),
  );
}

/** Inspecting a container shows all of these; so do the engine's events, for labels. */
export function noSecretValues(container: ContainerInputs): readonly Finding[] {
  return [
    ...each(container.envs, "envs", (line, at) => {
      const end = line.indexOf("=");
      return end < 0 ? [] : found(at, secretInSetting(line.slice(0, end), line.slice(end + 1)));
    }),
    ...each(container.labels, "labels", ({ label, value }, at) =>
      known(label, `${at}.label`, (name) =>
        known(value, `${at}.value`, (text) => found(at, secretInSetting(name, text))),
      ),
    ),
    ...inTexts(container.command, "command"),
    ...inTexts(container.entrypoints, "entrypoints"),
    ...known(container.healthcheck, "healthcheck", (check) =>
      inTexts(check?.tests, "healthcheck.tests"),
    ),
    ...inMap(container.logOpts, "logOpts"),
    // What is uploaded lands in the container's layer, and with it in every export and commit.
    ...each(container.uploads, "uploads", ({ content }, at) =>
      known(content, `${at}.content`, (text) => found(`${at}.content`, secretIn(text ?? ""))),
    ),
  ];
}

/** Build arguments and labels stay in the image's history for everybody who has the image. */
export function noSecretsInBuild(image: RemoteImageInputs): readonly Finding[] {
  const fix = "keep it out of the build";
  return known(image.build, "build", (build) => [
    ...inMap(build?.buildArgs, "build.buildArgs", fix),
    ...inMap(build?.labels, "build.labels", fix),
    ...inMap(image.triggers, "triggers", fix),
  ]);
}

/** A command line stands in the process list, in the state and in every error of the command. */
export function noSecretsInCommand(command: CommandInputs): readonly Finding[] {
  return (["create", "update", "delete"] as const).flatMap((at) =>
    known(command[at], at, (line) => {
      const words = (line ?? "").split(/\s+/);
      const kind = secretIn(line ?? "") ?? words.map(secretInArgument).find((word) => word);
      return found(at, kind, "hand it over in environment or stdin");
    }),
  );
}
