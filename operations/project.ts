import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { parseStackFile, type StackFile } from "../checks/stackFile";
import { ConfigError } from "../config/errors";
import { checkStackName } from "../config/names";
import { errorCode, Failure } from "./failure";

/** A checkout of this project, found from the working directory. */
export interface Project {
  /** The folder with Pulumi.yaml. */
  readonly root: string;
  readonly name: string;
  /** The folder of the file backend. */
  readonly stateFolder: string;
}

const STACK_FILE = /^Pulumi\.(.+)\.yaml$/;

/**
 * Finds the project that `from` lies in, as Pulumi does: the nearest Pulumi.yaml upwards.
 *
 * Throws a {@link Failure} when there is none, or when its state is not kept in files.
 */
export function findProject(
  from: string = process.cwd(),
  environment: NodeJS.ProcessEnv = process.env,
): Project {
  const root = nearestProject(resolve(from));
  if (root === undefined) {
    throw new Failure("usage", `No Pulumi.yaml in ${from} or above it.`, {
      fix: "change to the folder of your clone of doom-coding and run the command again",
    });
  }
  const file = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as {
    name: string;
    backend?: { url?: string };
  };
  const url = environment.PULUMI_BACKEND_URL || file.backend?.url || "";
  return { root, name: file.name, stateFolder: stateFolderOf(url, root) };
}

function nearestProject(folder: string): string | undefined {
  if (existsSync(join(folder, "Pulumi.yaml"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearestProject(parent);
}

function stateFolderOf(url: string, root: string): string {
  if (!url.startsWith("file://")) {
    throw new Failure(
      "configuration",
      `doom keeps its state in files, not in ${url || "nothing"}.`,
      {
        fix: "unset PULUMI_BACKEND_URL to use the embedded ./.state, or set it to file:///a/folder",
      },
    );
  }
  const path = (url.slice("file://".length).split("?")[0] as string).replace(
    /^~(?=\/|$)/,
    homedir(),
  );
  return resolve(root, path);
}

/** The stacks that have a file in the project, sorted. */
export function listStacks(project: Project): string[] {
  return readdirSync(project.root)
    .flatMap((name) => STACK_FILE.exec(name)?.[1] ?? [])
    .sort();
}

/** The file of a stack; whether it exists is another question. */
export function stackFilePath(project: Project, stack: string): string {
  return join(project.root, `Pulumi.${stack}.yaml`);
}

/** Gives the name of a stack, whether it exists or not. Throws a {@link Failure} for a bad one. */
export function requireStackName(project: Project, stack: string): string {
  try {
    return checkStackName(stack);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Failure("usage", error.message, { fix: knownStacks(project) });
  }
}

/**
 * Reads the file of `stack`, after its name was checked.
 *
 * Throws a {@link Failure} for a bad or unknown name, a {@link ConfigError} for a bad file.
 */
export function readStackFile(project: Project, stack: string): StackFile {
  const path = stackFilePath(project, requireStackName(project, stack));
  try {
    return parseStackFile(readFileSync(path), `Pulumi.${stack}.yaml`);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") {
      throw new Failure(
        "usage",
        `There is no stack ${stack}: Pulumi.${stack}.yaml does not exist.`,
        {
          fix: knownStacks(project),
        },
      );
    }
    if (code === undefined) throw error;
    throw new Failure("configuration", `${path} cannot be read (${code}).`, {
      fix: "make it a readable file",
    });
  }
}

function knownStacks(project: Project): string {
  const stacks = listStacks(project);
  return stacks.length === 0
    ? "the project has no Pulumi.<stack>.yaml yet; copy one from the repository"
    : `the stacks of this project are ${stacks.join(", ")}`;
}
