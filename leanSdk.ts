// First: it decides what the SDK loads.
import "./leanModules";

/**
 * The SDK as a program needs it that is compiled and has no dynamic providers; imported before anything
 * that imports `@pulumi/pulumi`.
 *
 * It sends each of its debug messages to the engine, one after the other, and waits for all of them at
 * the end: four or five for every resource. DOOM_SDK_DEBUG=1 lets them through.
 */
function dropDebugMessages(): void {
  if (process.env.DOOM_SDK_DEBUG === "1") return;
  const log = require("@pulumi/pulumi/log") as { debug: () => Promise<void> };
  log.debug = () => Promise.resolve();
}

dropDebugMessages();
