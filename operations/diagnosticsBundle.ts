import { createReadStream, createWriteStream, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { pack } from "tar-stream";
import type { SecretSearch } from "../checks/secretSearch";
import { Failure } from "./failure";
import { type Place, type PlaceResult, searchPlace } from "./placeSearch";
import { toObject } from "./secretPlaces/containerFiles";
import { tarEntries } from "./tarEntries";

/** What is handed over in a bundle: a file in it. */
export interface BundleEntry {
  readonly name: string;
  readonly text: string;
}

/**
 * Writes a bundle (a `.tar.gz` with mode 0600), reads it back and looks through it for secrets as
 * `doom verify --secrets` does. Only then it gets its name.
 *
 * Throws a {@link Failure} that names the place of what was found, never the secret, and leaves no file then.
 */
export async function deliverBundle(
  file: string,
  entries: readonly BundleEntry[],
  search: SecretSearch,
): Promise<PlaceResult> {
  const draft = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  const remove = () => rmSync(draft, { force: true });
  // Ctrl-C ends the process without coming back here.
  process.once("exit", remove);
  try {
    await writeBundle(draft, entries);
    const result = await searchPlace(bundlePlace(draft), search);
    refuseUnproven(result, entries.length, search);
    renameSync(draft, file);
    return result;
  } finally {
    process.off("exit", remove);
    remove();
  }
}

async function writeBundle(file: string, entries: readonly BundleEntry[]): Promise<void> {
  const archive = pack();
  for (const { name, text } of entries) archive.entry({ name, mode: 0o600 }, text);
  archive.finalize();
  await pipeline(archive, createGzip(), createWriteStream(file, { flags: "wx", mode: 0o600 }));
}

/** The files of a bundle, as they stand on the disk. */
function bundlePlace(file: string): Place {
  return {
    name: "bundle",
    async *objects() {
      const archive = createReadStream(file).compose(createGunzip());
      for await (const entry of tarEntries(archive)) yield toObject(entry, "");
    },
  };
}

function refuseUnproven(
  { findings, notSearched, objects }: PlaceResult,
  entries: number,
  { tooShort }: SecretSearch,
): void {
  const problems = [
    ...findings.map(({ object, secret, form }) => `${object}: ${secret} (${form})`),
    ...tooShort.map((name) => `too short to be searched for: ${name}`),
    ...(notSearched === undefined ? [] : [`not searched: ${notSearched}`]),
    ...(objects === entries ? [] : [`${objects} of ${entries} files were searched`]),
  ];
  if (problems.length === 0) return;
  throw new Failure("unproven", "The bundle is not proven to be free of secrets: it was removed.", {
    problems,
    fix: "report this with the lines above, they hold no secret",
  });
}
