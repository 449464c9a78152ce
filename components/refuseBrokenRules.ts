import * as pulumi from "@pulumi/pulumi";
import { describeProblem, isUndecided, UNKNOWN } from "../checks/rules/facts";
import { ConfigError } from "../config/errors";
import { RULES } from "../policy/rules";
import { decide } from "../policy/rules/decide";
import { ENVIRONMENT_LEVELS } from "../policy/rules/rule";

/** What holds in every environment, whatever a policy configuration says. */
const ALWAYS = RULES.filter(({ levels }) =>
  ENVIRONMENT_LEVELS.every((environment) => levels[environment] === "mandatory"),
);

/** Inputs as a rule gets to see them: an output is known to the engine only. */
function plain(value: unknown): unknown {
  if (value === null) return undefined;
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return UNKNOWN;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/**
 * Refuses a resource that breaks a rule which holds in every environment, before the engine hears of it.
 *
 * The policy pack judges the same and more (it knows the values of outputs, the stack as a whole and the
 * levels of the environment), but runs only where somebody asks for it. Not a stack-wide transform: those
 * are silently left out under mocks. Throws a {@link ConfigError}.
 */
export function refuseBrokenRules(stack: string): pulumi.ResourceTransformation {
  return ({ type, name, props, opts }) => {
    const context = { stack, options: { protect: opts.protect === true } };
    const inputs = () => plain({ ...props }) as Record<string, unknown>;
    const problems = ALWAYS.flatMap((rule) =>
      decide(rule, { type, inputs, context }).flatMap((finding) =>
        isUndecided(finding) ? [] : [`${name}: ${describeProblem(finding)} (${rule.name})`],
      ),
    );
    if (problems.length > 0) throw new ConfigError(problems);
    return undefined;
  };
}
