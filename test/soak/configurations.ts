import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { engine, runIn } from "../support/dockerHost";
import { EditorClient } from "../support/editorClient";
import { type InstallerEnvFile, installerEnvs } from "../support/installerEnvs";
import type { LiveEnvironment } from "../support/liveEnvironment";
import { createProjectCopy, type ProjectCopy, removeFromDocker } from "../support/projectCopy";
import { asSchema0 } from "../support/schema0";
import type { Soak, SoakRun } from "./soak";

/** Each form of the installer's `.env` becomes an environment, and so does the same in schema 0. */
export const configurationsSoak: Soak = {
  name: "configurations",
  summary: "every form of the installer's .env and of schema 0, deployed as what it meant",
  count: installerEnvs.length,
  begin,
};

async function begin(): Promise<SoakRun> {
  const copy = createProjectCopy();
  return {
    once: (seed) => deploy(copy, installerEnvs[seed % installerEnvs.length] as InstallerEnvFile),
    end: () => copy.dispose(),
  };
}

async function deploy(copy: ProjectCopy, form: InstallerEnvFile): Promise<string> {
  const environment = await copy.addStack();
  const { stack, value } = environment;
  try {
    const old = path.join(copy.root, "old.env");
    writeFileSync(old, form.text);
    rmSync(path.join(copy.root, `Pulumi.${stack}.yaml`));
    await environment.doom("migrate", "config", stack, "--from", old);
    const { port } = environment;
    if (port !== form.port) throw new Error(`the port is ${port}, not ${form.port}`);
    // Those of this host that are free.
    environment.configure(({ access, ...migrated }) => ({
      ...migrated,
      network: value.network,
      access: { ...(access as object), port: (value.access as { port: number }).port },
    }));
    await environment.up();
    await requireMeant(environment, form);
    environment.configure(asSchema0);
    await environment.doom("migrate", "config", stack);
    const steps = await environment.plan("--expect-no-changes");
    if (steps.length > 0) throw new Error(`schema 0 became another one: ${JSON.stringify(steps)}`);
    return form.title;
  } finally {
    await removeFromDocker(stack);
  }
}

/** Throws unless the editor has the environment, the owner and the password that the old one had. */
async function requireMeant(
  environment: LiveEnvironment,
  { meant, password }: InstallerEnvFile,
): Promise<void> {
  const { url, instances } = await environment.outputs();
  const editor = instances[0]?.container as string;
  const { Env } = (await engine.getContainer(editor).inspect()).Config;
  const missing = Object.entries(meant).filter(([name, is]) => !Env.includes(`${name}=${is}`));
  if (missing.length > 0) throw new Error(`the container lacks ${missing.join(", ")}`);
  const owner = await runIn(editor, ["stat", "--format", "%u:%g", "/config/workspace"]);
  if (owner !== `${meant.PUID}:${meant.PGID}\n`) throw new Error(`the workspace is ${owner}'s`);
  const [user, stranger] = [new EditorClient(url), new EditorClient(url)];
  await user.login(password);
  await stranger.login(`${password}!`);
  const letIn = [await user.getsIn(), await stranger.getsIn()];
  if (letIn.join() !== "true,false") throw new Error(`let in: ${letIn.join(", ")}`);
}
