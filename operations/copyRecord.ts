import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "./durableFile";
import { errorCode, Failure } from "./failure";
import type { Project } from "./project";

/** What stands in a record. */
interface Content {
  readonly record: 1;
  /** Identities of volumes, folders or archives. */
  readonly source: string;
  readonly target: string;
  /** `copying`: begun and not proven; the target may hold any part of the source. */
  readonly status: "copying" | "verified";
  /** ISO 8601. */
  readonly at: string;
  /** Of what is proven equal: {@link Stamps}. */
  readonly stamps?: Stamps;
}

/** What operations/treeStamps.ts says about source and target, from before they were read for their proof. */
export type Stamps = readonly [source: string | undefined, target: string | undefined];

/** What the target is: a proven copy, one that was begun, another source's, or nobody's. */
export type CopyState = "verified" | "copying" | "other" | "none";

/**
 * What this project remembers of what it copied to a target: whose copy that is, and the manifests of both
 * sides. It stands in the state folder, so that nothing of ours is mixed into the data.
 */
export class CopyRecord {
  /** Holds the manifests of the last proof. */
  readonly folder: string;
  /** Holds the manifests of this run, until they are the proof. */
  readonly next: string;

  /** `key` names the target's place, the identities what is there now. */
  constructor(
    project: Project,
    key: string,
    private readonly source: string,
    private readonly target: string,
  ) {
    this.folder = folderOf(project, key);
    this.next = join(this.folder, "next");
  }

  /** Throws a {@link Failure} when what is remembered cannot be read. */
  get state(): CopyState {
    const content = readContent(this.folder);
    if (content === undefined || content.target !== this.target) return "none";
    return content.source === this.source ? content.status : "other";
  }

  /** Of the last proof. */
  get stamps(): Stamps | undefined {
    return readContent(this.folder)?.stamps;
  }

  /** Makes an empty folder for the manifests of this run. */
  begin(): void {
    rmSync(this.next, { recursive: true, force: true });
    mkdirSync(this.next, { recursive: true, mode: 0o700 });
  }

  /** To be called before the first change to the target. */
  copying(): void {
    this.write("copying");
  }

  /** The manifests of this run are the proof now. */
  verified(manifests: readonly ManifestName[], stamps?: Stamps): void {
    for (const name of manifests) renameSync(join(this.next, name), join(this.folder, name));
    this.write("verified", stamps);
  }

  private write(status: Content["status"], stamps?: Stamps): void {
    const { source, target } = this;
    const at = new Date().toISOString();
    const content: Content = {
      ...{ record: 1, source, target, status, at },
      ...(stamps === undefined ? {} : { stamps }),
    };
    writeDurably(join(this.folder, RECORD), `${JSON.stringify(content)}\n`);
  }
}

export const SOURCE_MANIFEST = "source.jsonl";
export const TARGET_MANIFEST = "target.jsonl";
export type ManifestName = typeof SOURCE_MANIFEST | typeof TARGET_MANIFEST;

const RECORD = "record.json";

function folderOf(project: Project, key: string): string {
  const name = createHash("sha256").update(key).digest("hex").slice(0, 16);
  return join(project.stateFolder, "migrations", "copies", name);
}

/** Forgets what was copied to a place, because that is gone. */
export function forgetCopy(project: Project, key: string): void {
  rmSync(folderOf(project, key), { recursive: true, force: true });
}

/** Whether anything was written to a place, as far as it is remembered. */
export function isRemembered(project: Project, key: string): boolean {
  return readContent(folderOf(project, key)) !== undefined;
}

/**
 * What a place is, seen from the place that it may have been copied from, whatever is there now.
 *
 * `target` is the identity of what is in the place, `source` the key of that other place.
 */
export function copyStateOf(
  project: Project,
  key: string,
  { source, target }: { readonly source: string; readonly target: string },
): CopyState {
  const content = readContent(folderOf(project, key));
  if (content === undefined || content.target !== target) return "none";
  return content.source.startsWith(`${source}/`) ? content.status : "other";
}

function readContent(folder: string): Content | undefined {
  const path = join(folder, RECORD);
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Content;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new Failure("state", `${path} is damaged, so that nobody knows what the target is.`, {
      fix: `rm -r ${folder}, and choose an empty target`,
    });
  }
}
