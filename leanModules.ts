import { readFileSync } from "node:fs";
import Module from "node:module";

/**
 * Keeps out of a run what its libraries load and this project never uses, or not in every run: such a
 * module is an object that loads on first use. Imported before those libraries. A library that changes
 * where it loads from only loses the gain, which `npm run bench -- preview` shows.
 */

/** The names that modules ask by, and a part of the path of who asks. */
const LOADED_ON_USE: readonly (readonly [request: string, from: string])[] = [
  // Serialises functions, which only dynamic providers need: a compiler and the insides of npm.
  ["typescript", "@pulumi/pulumi"],
  ["@npmcli/arborist", "@pulumi/pulumi"],
  // Starts engines; a program runs in one.
  ["./automation", "@pulumi/pulumi"],
  // Docker hosts over SSH, and builds by BuildKit.
  ["./ssh", "docker-modem"],
  ["@grpc/proto-loader", "dockerode"],
  ["@grpc/grpc-js", "dockerode"],
  // Messages in fifty languages.
  ["../locales/index.cjs", "zod"],
];

type Load = (request: string, parent: NodeModule | undefined, isMain: boolean) => unknown;
const internals = Module as unknown as { _load: Load };
const load = internals._load;

function isLoadedOnUse(request: string, parent: NodeModule | undefined): boolean {
  return LOADED_ON_USE.some(
    ([name, from]) => request === name && parent?.filename.includes(`/node_modules/${from}/`),
  );
}

/** The version alone is asked for by programs that then have no use for the rest. */
function versionOf(request: string): string {
  const { version } = JSON.parse(readFileSync(require.resolve(`${request}/package.json`), "utf8"));
  return version;
}

internals._load = function (this: unknown, request, parent, isMain) {
  if (!isLoadedOnUse(request, parent)) return load.call(this, request, parent, isMain);
  let loaded: unknown;
  const module = () => {
    loaded ??= load.call(internals, request, parent, isMain);
    return loaded as Record<PropertyKey, unknown> & ((...words: unknown[]) => unknown);
  };
  // A function, so that a module that is one can be called.
  return new Proxy(() => {}, {
    get: (_, name) => {
      // Asked by the importer's own wrapper: answering no would make it copy, and so load, all of it.
      if (name === "__esModule") return true;
      if (name === "version" && loaded === undefined) return versionOf(request);
      return module()[name];
    },
    apply: (_, __, words) => module()(...words),
  });
};
