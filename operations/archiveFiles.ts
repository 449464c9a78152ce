import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Archive, parseArchive } from "../checks/archive";
import { errorCode, Failure } from "./failure";

/** The files of an archive on this machine. */
export function archiveFiles(folder: string) {
  return {
    description: join(folder, "archive.json"),
    manifest: join(folder, "manifest.jsonl"),
    data: join(folder, "data.tar"),
  };
}

/** Hash and size of a file. */
export async function fingerprint(file: string): Promise<Archive["data"]> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 ** 2 }))
    hash.update(chunk);
  return { bytes: statSync(file).size, sha256: hash.digest("hex") };
}

/** The description of the archive in a folder; undefined when the folder does not exist. */
export function readDescription(folder: string): Archive | undefined {
  if (!existsSync(folder)) return undefined;
  try {
    const archive = parseArchive(readFileSync(archiveFiles(folder).description, "utf8"));
    if (typeof archive !== "string") return archive;
    throw new Failure("data", `The archive ${folder} cannot be used: ${archive}.`);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new Failure(
      "data",
      `${folder} is no archive: its archive.json cannot be read (${code}).`,
    );
  }
}

/** Throws a {@link Failure} unless manifest and data are what the description says, byte by byte. */
export async function requireWhole(folder: string, archive: Archive): Promise<void> {
  const files = archiveFiles(folder);
  const problems = await Promise.all([
    fileProblem("manifest.jsonl", files.manifest, archive.manifest),
    fileProblem("data.tar", files.data, archive.data),
  ]);
  const found = problems.flat();
  if (found.length === 0) return;
  throw new Failure("data", `The archive ${folder} is damaged:`, {
    problems: found,
    fix: "copy it again from where it came from, or make it again; nothing was changed",
  });
}

async function fileProblem(name: string, path: string, wanted: Archive["data"]): Promise<string[]> {
  if (!existsSync(path)) return [`${name} is missing`];
  const { size } = statSync(path);
  if (size !== wanted.bytes) {
    const what = size < wanted.bytes ? "is cut off" : "is too long";
    return [`${name} ${what}: ${size} bytes instead of ${wanted.bytes}`];
  }
  const { sha256 } = await fingerprint(path);
  return sha256 === wanted.sha256 ? [] : [`${name} was changed: its SHA-256 is ${sha256}`];
}
