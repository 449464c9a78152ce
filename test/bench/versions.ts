import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { dockerFacts } from "../../operations/dockerHost";
import { findEngine } from "../../operations/engine";
import type { Project } from "../../operations/project";

/** The versions of everything that takes part in a figure, as each says itself where it can be asked. */
export async function collectVersions(project: Project): Promise<Record<string, string>> {
  const { engineVersion } = await dockerFacts();
  const { version } = await findEngine(project);
  const { stdout } = await promisify(execFile)("docker-compose", ["version", "--short"]);
  const manifest = (folder: string) => {
    const file = path.join(project.root, folder, "package.json");
    return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  };
  return {
    "doom-coding": manifest("."),
    node: process.version,
    pulumi: version,
    "@pulumi/pulumi": manifest("node_modules/@pulumi/pulumi"),
    "@pulumi/docker": manifest("node_modules/@pulumi/docker"),
    "@pulumi/command": manifest("node_modules/@pulumi/command"),
    docker: engineVersion,
    "docker-compose": stdout.trim(),
  };
}
