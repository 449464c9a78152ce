import { type Dirent, readdirSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** An npm package that is installed where a program can load it. */
export interface InstalledPackage {
  name: string;
  version: string;
  manifest: PackageManifest;
}

interface PackageManifest {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  pulumi?: PulumiEntry;
}

interface PulumiEntry {
  resource?: boolean;
  name?: string;
  version?: string;
  server?: string;
  parameterization?: Parameterization;
  extensionParameterization?: Parameterization;
}

/** Settings that turn a plugin into another package; `value` is base64. */
export interface Parameterization {
  name: string;
  version: string;
  value: string;
}

/** A resource plugin that a program needs. */
export interface RequiredPlugin {
  name: string;
  /** With a leading "v". */
  version: string;
  server: string;
  parameterization?: Parameterization;
  extension?: Parameterization;
}

/**
 * Finds one of the SDK's scripts as the program would, so that program and script load the same SDK.
 * @throws Error that says how to install the SDK
 */
export function resolveSdkScript(script: string, directory: string): string {
  const fromDirectory = createRequire(join(directory, "package.json"));
  try {
    return fromDirectory.resolve(`@pulumi/pulumi/cmd/${script}`);
  } catch (cause) {
    // The engine knows this phrase and turns it into a hint of its own.
    throw new Error(
      `Cannot find module '@pulumi/pulumi/cmd/${script}' from ${directory}: run \`npm install\` there`,
      { cause },
    );
  }
}

/** The resource plugins of all packages that a program in this folder can load, each version once. */
export function requiredPlugins(directory: string): RequiredPlugin[] {
  const plugins = new Map<string, RequiredPlugin>();
  for (const { name, version, manifest } of installedPackages(directory, isPulumiPackage)) {
    const entry = manifest.pulumi;
    if (entry?.resource !== true) continue;
    const plugin: RequiredPlugin = {
      name: entry.name ?? pluginName(name),
      version: withLeadingV(entry.version ?? version),
      server: entry.server ?? "",
      ...(entry.parameterization && { parameterization: entry.parameterization }),
      ...(entry.extensionParameterization && { extension: entry.extensionParameterization }),
    };
    plugins.set(JSON.stringify(plugin), plugin);
  }
  return [...plugins.values()];
}

/** The dependencies that package.json names, or all that are installed, with their versions. */
export function programDependencies(directory: string, transitive: boolean): InstalledPackage[] {
  const all = [...installedPackages(directory)];
  if (transitive) return all;
  const own = readManifest(join(directory, "package.json"));
  const wanted = { ...own?.manifest.dependencies, ...own?.manifest.devDependencies };
  return Object.keys(wanted).flatMap((name) => all.find((found) => found.name === name) ?? []);
}

/**
 * Walks the `node_modules` folders from the given folder up, as Node's own look-up does, nearest
 * first, and the ones inside packages; a package that is linked twice counts once.
 */
function* installedPackages(
  directory: string,
  select: (text: string) => boolean = () => true,
): Generator<InstalledPackage> {
  const seen = new Set<string>();
  for (let folder = directory; ; folder = dirname(folder)) {
    yield* packagesIn(join(folder, "node_modules"), seen, select);
    if (dirname(folder) === folder) return;
  }
}

function* packagesIn(
  modules: string,
  seen: Set<string>,
  select: (text: string) => boolean,
): Generator<InstalledPackage> {
  for (const entry of listFolder(modules)) {
    if (entry.name.startsWith(".")) continue;
    const path = join(modules, entry.name);
    if (entry.name.startsWith("@")) {
      yield* packagesIn(path, seen, select);
      continue;
    }
    if (!entry.isDirectory() && !entry.isSymbolicLink()) continue;
    const real = entry.isSymbolicLink() ? realPath(path) : path;
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    const found = readManifest(join(real, "package.json"), select);
    if (found) yield found;
    yield* packagesIn(join(real, "node_modules"), seen, select);
  }
}

/** Most packages have nothing to do with Pulumi; a look at the text saves parsing them. */
function isPulumiPackage(text: string): boolean {
  return text.includes('"pulumi"');
}

function readManifest(
  file: string,
  select: (text: string) => boolean = () => true,
): InstalledPackage | undefined {
  const text = readIfPresent(file);
  if (text === undefined || !select(text)) return undefined;
  let manifest: PackageManifest;
  try {
    manifest = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not valid JSON`, { cause });
  }
  const { name, version } = manifest;
  if (name === undefined || version === undefined) return undefined;
  return { name, version, manifest };
}

/** `@pulumi/docker` → docker, `@scope/name` → scope/name: plugins do not know npm's scopes. */
function pluginName(packageName: string): string {
  if (packageName.startsWith("@pulumi/")) return packageName.slice("@pulumi/".length);
  return packageName.replace(/^@/, "");
}

function withLeadingV(version: string): string {
  return version.startsWith("v") ? version : `v${version}`;
}

function listFolder(folder: string): Dirent[] {
  return ifPresent(() => readdirSync(folder, { withFileTypes: true })) ?? [];
}

function readIfPresent(file: string): string | undefined {
  return ifPresent(() => readFileSync(file, "utf8"));
}

function realPath(path: string): string | undefined {
  return ifPresent(() => realpathSync(path));
}

function ifPresent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
