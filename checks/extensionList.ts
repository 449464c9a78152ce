/** Extensions as VS Code keeps them in its extensions folder: a list, and a folder for each. */

/** What lies in an extensions folder. */
export interface ExtensionsFolder {
  /** The text of `extensions.json`; empty when there is none, as before the first start. */
  readonly list: string;
  /** The text of each `package.json` by the name of its folder. */
  readonly manifests: ReadonlyMap<string, string>;
}

/** An extension with its version, as `code-server --list-extensions --show-versions` prints it. */
export const EXTENSION = /^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*@\d+\.\d+\.\d+[a-z0-9.+-]*$/i;

export interface InstalledExtensions {
  /** `publisher.name@1.2.3`, in lower case and sorted: those that the editor can load. */
  readonly installed: readonly string[];
  /** Listed, but its folder is missing or holds something else. */
  readonly damaged: readonly string[];
}

interface Entry {
  readonly identifier: { readonly id: string };
  readonly version: string;
  readonly relativeLocation: string;
}

/** Reads what is installed. Throws an Error when the list is not one of VS Code's. */
export function installedExtensions({ list, manifests }: ExtensionsFolder): InstalledExtensions {
  const entries = parseList(list).map((entry) => ({
    name: extensionName(entry.identifier.id, entry.version),
    whole: nameInManifest(manifests.get(entry.relativeLocation)),
  }));
  const names = (wanted: boolean) =>
    entries
      .filter(({ name, whole }) => (name === whole) === wanted)
      .map(({ name }) => name)
      .sort();
  return { installed: names(true), damaged: names(false) };
}

/** The comparable name of an extension: VS Code takes no notice of the case of an ID. */
function extensionName(id: string, version: string): string {
  return `${id}@${version}`.toLowerCase();
}

function parseList(list: string): Entry[] {
  if (list === "") return [];
  const entries = parseJson(list);
  if (!Array.isArray(entries) || !entries.every(isEntry))
    throw new Error("extensions.json is not a list of VS Code's");
  return entries;
}

function isEntry(value: unknown): value is Entry {
  const { identifier, version, relativeLocation } = (value ?? {}) as Partial<Entry>;
  return [identifier?.id, version, relativeLocation].every((text) => typeof text === "string");
}

function nameInManifest(manifest: string | undefined): string | undefined {
  const { publisher, name, version } = (parseJson(manifest ?? "") ?? {}) as Record<string, unknown>;
  return extensionName(`${publisher}.${name}`, String(version));
}

/** The value of a JSON text; undefined when it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How two lists of extensions differ, a line each; none when they are equal whatever the order. */
export function extensionDifferences(
  expected: readonly string[],
  found: readonly string[],
): string[] {
  const wanted = new Set(expected.map((name) => name.toLowerCase()));
  const present = new Set(found.map((name) => name.toLowerCase()));
  return [
    ...[...wanted].filter((name) => !present.has(name)).map((name) => `missing: ${name}`),
    ...[...present].filter((name) => !wanted.has(name)).map((name) => `unexpected: ${name}`),
  ].sort();
}
