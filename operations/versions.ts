import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./project";

/** The pinned versions of the tools: toolchain/versions.json, as far as the program reads it. */
export interface Versions {
  /** Of the Pulumi CLI. */
  readonly pulumi: string;
}

/** Reads the pinned versions of the project's tools. */
export function readVersions(project: Project): Versions {
  const path = join(project.root, "toolchain", "versions.json");
  return JSON.parse(readFileSync(path, "utf8")) as Versions;
}
