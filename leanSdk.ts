import Module from "node:module";

/**
 * Keeps out of a run what the SDK brings and this program never uses; imported before anything that
 * imports `@pulumi/pulumi`. Measured with five editors, processor time of a no-op preview: 1.2 of
 * 3.9 seconds. A newer SDK that works otherwise only loses the gain.
 */

/** For serialising functions, which only dynamic providers need: a compiler and the insides of npm. */
const LOADED_ON_USE = new Set(["typescript", "@npmcli/arborist"]);

type Load = (request: string, parent: unknown, isMain: boolean) => unknown;

/** Gives these modules as objects that load on first use. */
function loadOnUse(): void {
  const internals = Module as unknown as { _load: Load };
  const load = internals._load;
  internals._load = function (this: unknown, request, parent, isMain) {
    if (!LOADED_ON_USE.has(request)) return load.call(this, request, parent, isMain);
    let loaded: Record<PropertyKey, unknown> | undefined;
    const get = (_: object, name: PropertyKey) => {
      // Asked by the importer's own wrapper: answering no would make it copy, and so load, all of it.
      if (name === "__esModule") return true;
      loaded ??= load.call(internals, request, parent, isMain) as Record<PropertyKey, unknown>;
      return loaded[name];
    };
    return new Proxy({}, { get });
  };
}

/**
 * The SDK sends each of its debug messages to the engine, one after the other, and waits for all of
 * them at the end: four or five for every resource. DOOM_SDK_DEBUG=1 lets them through.
 */
function dropDebugMessages(): void {
  if (process.env.DOOM_SDK_DEBUG === "1") return;
  const log = require("@pulumi/pulumi/log") as { debug: () => Promise<void> };
  log.debug = () => Promise.resolve();
}

loadOnUse();
dropDebugMessages();
