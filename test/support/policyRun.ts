import { type PolicyResource, unknownCheckingProxy } from "@pulumi/policy";
import { UNKNOWN } from "../../checks/rules/facts";
import { policiesOf } from "../../policy/policies";
import { RULES } from "../../policy/rules";
import { Session } from "../../policy/session";

/**
 * The pack's policies on given resources, called as the policy SDK calls them for an engine.
 *
 * What tests with it do not prove: that an engine calls them so; test/stack/policyPack.test.ts does.
 */

/** One resource, as an engine would hand it over. */
export interface Trial {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly protect?: boolean;
  /** Name of the component that it belongs to. */
  readonly parent?: string;
  /** By input: names of the resources whose outputs went into it. */
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
}

/** What a policy reported; on the stack where no resource is named. */
export interface Report {
  readonly policy: string;
  readonly level: string;
  readonly resource?: string;
  readonly message: string;
}

export interface RunOptions {
  readonly stack: string;
  /** As `--policy-pack-config` gives it. */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

/** How the policy SDK writes a text that only an update will know (@pulumi/policy, proxy.ts). */
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function onTheWire(value: unknown): unknown {
  if (value === UNKNOWN) return UNKNOWN_TEXT;
  if (Array.isArray(value)) return value.map(onTheWire);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, onTheWire(inner)]));
}

/** Runs every policy on every resource, then on the stack, and returns what they reported. */
export function runPolicies(trials: readonly Trial[], options: RunOptions): Report[] {
  const session = new Session(RULES);
  session.configure(options.configuration ?? {}, options.stack);
  const reports: Report[] = [];
  const levels = new Map(RULES.map((rule) => [rule.name, session.levelOf(rule)]));
  const reporter = (policy: string, resource?: string) => (message: string) => {
    const level = levels.get(policy) ?? "advisory";
    reports.push({ policy, level, ...(resource === undefined ? {} : { resource }), message });
  };
  const resources = placed(trials, options.stack);
  const policies = policiesOf(session);
  for (const resource of resources) {
    for (const policy of policies) {
      if (!("validateResource" in policy) || typeof policy.validateResource !== "function")
        continue;
      policy.validateResource(resource as never, reporter(policy.name, resource.name));
    }
  }
  for (const policy of policies) {
    if ("validateStack" in policy)
      policy.validateStack({ resources } as never, reporter(policy.name));
  }
  return reports;
}

function placed(trials: readonly Trial[], stack: string): PolicyResource[] {
  const urn = ({ type, name }: Trial) => `urn:pulumi:${stack}::doom-coding::${type}::${name}`;
  const resources = trials.map((trial) => ({
    type: trial.type,
    name: trial.name,
    urn: urn(trial),
    props: unknownCheckingProxy(onTheWire(trial.inputs) as object),
    opts: { protect: trial.protect ?? false },
  }));
  const find = (name: string) => {
    const found = resources.find((resource) => resource.name === name);
    if (found === undefined) throw new Error(`no resource ${name} among those on trial`);
    return found;
  };
  return resources.map((resource, index) => {
    const { parent, propertyDependencies = {} } = trials[index] as Trial;
    return Object.assign(resource, {
      ...(parent === undefined ? {} : { parent: find(parent) }),
      propertyDependencies: Object.fromEntries(
        Object.entries(propertyDependencies).map(([key, names]) => [key, names.map(find)]),
      ),
    });
  }) as unknown as PolicyResource[];
}
