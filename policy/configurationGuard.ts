import { Server, type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { EnforcementLevel } from "@pulumi/pulumi/proto/analyzer_pb";
import type { Session } from "./session";

/**
 * Checks the configuration of the pack on its way in.
 *
 * `@pulumi/policy` shows a policy its own settings only, never its level; an unknown rule is ignored
 * and a rule that is `disabled` is not called at all, so that nothing in a pack could notice. The
 * engine, though, hands over the whole configuration in one call and stops when that call fails. The
 * SDK serves the call inside `new PolicyPack`, so the service is wrapped while it is made.
 */
export function withCheckedConfiguration(session: Session, makePack: () => void): void {
  const original = Server.prototype.addService;
  Server.prototype.addService = function (
    this: Server,
    service: ServiceDefinition,
    implementation: UntypedServiceImplementation,
  ) {
    return original.call(this, service, guarded(implementation, session));
  };
  try {
    makePack();
  } finally {
    Server.prototype.addService = original;
  }
}

/** Only what is read of the two requests (pulumirpc.Analyzer). */
interface StackCall {
  readonly request: { getStack(): string };
}
interface ConfigureCall {
  readonly request: { getPolicyconfigMap(): { entries(): Iterable<[string, PolicyConfig]> } };
}
interface PolicyConfig {
  getEnforcementlevel(): number;
  getProperties(): { toJavaScript(): Record<string, unknown> } | undefined;
}
type Callback = (error: { code: number; details: string } | null, value?: unknown) => void;
type Handler<Call> = (call: Call, callback: Callback) => void;

/** gRPC's INVALID_ARGUMENT. */
const INVALID_ARGUMENT = 3;

function guarded(
  implementation: UntypedServiceImplementation,
  session: Session,
): UntypedServiceImplementation {
  const { configureStack, configure } = implementation as unknown as {
    configureStack: Handler<StackCall>;
    configure: Handler<ConfigureCall>;
  };
  if (!configureStack || !configure)
    throw new Error("the policy SDK serves no configuration any more; see configurationGuard.ts");
  let stack = "";
  const checkedStack: Handler<StackCall> = (call, callback) => {
    stack = call.request.getStack();
    configureStack(call, callback);
  };
  const checked: Handler<ConfigureCall> = (call, callback) => {
    try {
      session.configure(asGiven(call), stack);
    } catch (error) {
      callback({ code: INVALID_ARGUMENT, details: (error as Error).message });
      return;
    }
    configure(call, callback);
  };
  return { ...implementation, configureStack: checkedStack, configure: checked } as never;
}

/** The configuration as a file would say it. */
function asGiven({ request }: ConfigureCall): Record<string, unknown> {
  const levels = Object.entries(EnforcementLevel);
  return Object.fromEntries(
    [...request.getPolicyconfigMap().entries()].map(([name, config]) => {
      const level = levels.find(([, number]) => number === config.getEnforcementlevel())?.[0];
      return [
        name,
        { ...config.getProperties()?.toJavaScript(), enforcementLevel: level?.toLowerCase() },
      ];
    }),
  );
}
