// First: it decides what the SDK loads.
import "../leanModules";
import Module from "node:module";

/**
 * Given to Node before the pack (`nodeargs` in PulumiPolicy.yaml). The SDK prepares every pack to be compiled
 * on the fly, which costs each preview a third of a second; this one is compiled already.
 */

type Load = (request: string, parent: NodeModule | undefined, isMain: boolean) => unknown;
const internals = Module as unknown as { _load: Load };
const load = internals._load;

internals._load = function (this: unknown, request, ...rest) {
  // Asked for by its name, and by the path of the SDK's own copy when there is none.
  if (/(^|\/)ts-node(@[\d.]+)?$/.test(request)) return { register: () => {} };
  return load.call(this, request, ...rest);
};
