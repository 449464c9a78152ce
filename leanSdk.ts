// First: it decides what the SDK loads.
import "./leanModules";

/*
 * The SDK without what only its own debugging needs; imported before anything that imports
 * `@pulumi/pulumi`. DOOM_SDK_DEBUG=1 leaves it as it is. A newer SDK that works otherwise only loses the
 * gain: with five editors a quarter of a preview's processor time.
 */

/** It sends each debug message to the engine, one after the other: four or five for every resource. */
function dropDebugMessages(): void {
  const log = require("@pulumi/pulumi/log") as { debug: () => Promise<void> };
  log.debug = () => Promise.resolve();
}

/** It sends the whole call stack of every resource, whose paths then stand in the state. */
function dropCallStacks(): void {
  const { Resource } = require("@pulumi/pulumi/resource") as {
    Resource: { callsites: () => unknown[] };
  };
  Resource.callsites = () => [];
}

type DebuggablePromise = (promise: Promise<unknown>, context: unknown) => Promise<unknown>;

/** It keeps a stack trace with every promise, to show with those that never end. */
function dropPromiseTraces(): void {
  const debuggable = require("@pulumi/pulumi/runtime/debuggable") as {
    debuggablePromise: DebuggablePromise;
  };
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}

if (process.env.DOOM_SDK_DEBUG !== "1") {
  dropDebugMessages();
  dropCallStacks();
  dropPromiseTraces();
}
