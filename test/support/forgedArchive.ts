import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ManifestSum } from "../../checks/manifest";

/** Archives as somebody else might make them: every hash fits, and what they hold is up to the test. */

const fingerprint = (file: string) => {
  const content = readFileSync(file);
  return { bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
};

/** Writes `archive.json` anew, so that it vouches for the files that are there; `changes` go on top. */
export function vouch(folder: string, changes: Readonly<Record<string, unknown>> = {}): void {
  const file = path.join(folder, "archive.json");
  const description = {
    ...JSON.parse(readFileSync(file, "utf8")),
    manifest: fingerprint(path.join(folder, "manifest.jsonl")),
    data: fingerprint(path.join(folder, "data.tar")),
    ...changes,
  };
  writeFileSync(file, JSON.stringify(description));
}

/** Changes the entries of the archive's manifest, and its end with them. */
export function editManifest(
  folder: string,
  edit: (entries: Record<string, unknown>[]) => Record<string, unknown>[],
): void {
  const file = path.join(folder, "manifest.jsonl");
  const [header, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  const entries = edit(lines.slice(0, -1).map((line) => JSON.parse(line)));
  const sum = new ManifestSum([]);
  const edited = entries.map((entry) => JSON.stringify(entry));
  for (const line of edited) sum.add(line);
  const head = JSON.stringify({ ...JSON.parse(header as string), volatile: [] });
  writeFileSync(file, `${[head, ...edited, JSON.stringify(sum.end())].join("\n")}\n`);
}
