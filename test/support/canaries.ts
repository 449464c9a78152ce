import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type NamedSecret, SecretSearch } from "../../checks/secretSearch";
import { stackSecrets } from "../../checks/stackSecrets";
import { passphrasePath } from "../../operations/passphrase";
import { type Place, searchPlace } from "../../operations/placeSearch";
import { findProject, stackFilePath } from "../../operations/project";
import { volumeFiles, writtenFiles } from "../../operations/secretPlaces/containerFiles";
import { containerLogs, inspections } from "../../operations/secretPlaces/descriptions";
import { filesIn } from "../../operations/secretPlaces/files";
import { containerProcesses } from "../../operations/secretPlaces/processes";
import { stackThings } from "../../operations/secretPlaces/stackThings";
import { readState } from "../../operations/stateFiles";
import { ensureToolsImage } from "../../operations/toolsImage";
import { engine, runIn } from "./dockerHost";
import type { LiveEnvironment } from "./liveEnvironment";

/** Secrets and a file of each environment, looked for in all that belongs to another one. */
export class Canaries {
  private readonly known = new Map<string, readonly NamedSecret[]>();

  /** Puts a file into the environment, and reads all of its secrets. */
  async plant(environment: LiveEnvironment): Promise<void> {
    const { root, stack } = environment;
    const file = randomBytes(18).toString("base64url");
    const write = ["bash", "-c", `echo ${file} >/config/workspace/canary`];
    await runIn(`doom-${stack}-code-server-1`, write, "1000:1000");
    const secrets = stackSecrets({
      deployment: await environment.plainState(),
      config: {},
      passphrase: readFileSync(passphrasePath(findProject(root, {}), stack), "utf8").trim(),
    });
    const named = secrets.map(({ name, value }) => ({ name: `${name}, ${stack}`, value }));
    this.known.set(stack, [{ name: fileOf(stack), value: file }, ...named]);
  }

  /** The content of an environment's file. */
  of({ stack }: LiveEnvironment): string {
    return this.known.get(stack)?.[0]?.value as string;
  }

  /**
   * Which of the environment's own, or else of all others', stand in what belongs to it: `PLACE: NAME`, each once.
   *
   * Throws when a place cannot be searched.
   */
  async findIn(environment: LiveEnvironment, whose: "own" | "others"): Promise<string[]> {
    const { stack } = environment;
    const wanted = [...this.known].filter(([owner]) => (owner === stack) === (whose === "own"));
    const search = new SecretSearch(wanted.flatMap(([, secrets]) => secrets));
    const found = new Set<string>();
    for (const place of await placesOf(environment)) {
      const { findings, notSearched } = await searchPlace(place, search);
      if (notSearched !== undefined) throw new Error(`${place.name}: ${notSearched}`);
      for (const { secret } of findings) found.add(`${place.name}: ${secret}`);
    }
    return [...found];
  }
}

/** The name of the canary that is a file. */
export function fileOf(stack: string): string {
  return `the file of ${stack}`;
}

/** Puts a text wherever an environment could hold one of another's; gives what takes it away again. */
export async function plantIn(
  { root, stack }: LiveEnvironment,
  text: string,
): Promise<() => Promise<void>> {
  const state = path.join(findProject(root, {}).stateFolder, `${stack}.json`);
  writeFileSync(state, text);
  const file = "/data/workspace/planted";
  const container = await engine.createContainer({
    Image: await ensureToolsImage(),
    Labels: { "doom.stack": stack },
    User: "root",
    Env: [`PLANTED=${text}`],
    Entrypoint: ["sh", "-c", `echo "$PLANTED" | tee /planted ${file}; exec sleep 600`],
    Cmd: [],
    HostConfig: {
      NetworkMode: "none",
      Mounts: [{ Type: "volume", Source: `doom-${stack}-data-1`, Target: "/data" }],
    },
  });
  await container.start();
  while (!(await container.logs({ stdout: true, follow: false })).includes(text)) await wait(50);
  return async () => {
    rmSync(state);
    await runIn(container.id, ["rm", file]);
    await container.remove({ force: true });
  };
}

/** What belongs to one environment: on the Docker host, in its state and in its file. */
async function placesOf(environment: LiveEnvironment): Promise<Place[]> {
  const { root, stack } = environment;
  const project = findProject(root, {});
  const state = readState(project, stack);
  if (state === undefined) throw new Error(`${stack} has no state`);
  const things = await stackThings(stack, state.checkpoint);
  return [
    containerProcesses(things),
    ...inspections(things),
    containerLogs(things),
    writtenFiles(things),
    // With those that snapshots were restored to.
    volumeFiles(things),
    {
      name: "state files",
      async *objects() {
        for await (const object of filesIn(project.stateFolder))
          if (object.name.includes(stack)) yield object;
      },
    },
    {
      name: "opened state",
      async *objects() {
        yield { name: stack, content: JSON.stringify(await environment.plainState()) };
        yield { name: "stack file", content: readFileSync(stackFilePath(project, stack)) };
      },
    },
  ];
}
