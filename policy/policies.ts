import type {
  Policies,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";
import { describeProblem, type Finding, isUndecided } from "../checks/rules/facts";
import { DECIDED_KEY, PACK_KEY } from "./configuration";
import { decide } from "./rules/decide";
import type { Rule } from "./rules/rule";
import type { Open, Session } from "./session";
import { producersOf } from "./stackFacts";
import { plainInputs } from "./unknowns";

/** Both kinds at once: a rule decides on each resource, and on the stack or a summary at the end. */
type RulePolicy = ResourceValidationPolicy & StackValidationPolicy;

/** The pack's policies: one for each rule, then the two that say what the rules themselves do not. */
export function policiesOf(session: Session): Policies {
  return [
    ...session.rules.map((rule) => rulePolicy(rule, session)),
    undecidedPolicy(session),
    configurationPolicy(session),
  ];
}

function rulePolicy(rule: Rule, session: Session): RulePolicy {
  return {
    name: rule.name,
    description: rule.description,
    // The strictest, for whoever configures nothing; policy/config/ lowers what an environment may.
    enforcementLevel: rule.levels.prod,
    validateResource: (args, report) => judgeResource(rule, session, args, report),
    validateStack: (args, report) => {
      judgeStack(rule, session, args, report);
      summarise(rule, session, report);
    },
  };
}

function judgeResource(
  rule: Rule,
  session: Session,
  args: ResourceValidationArgs,
  report: ReportViolation,
): void {
  const { name: resource, urn } = args;
  for (const finding of decideOn(rule, session, args)) {
    if (isUndecided(finding)) session.leaveOpen({ rule, resource, urn, path: finding.undecided });
    else if (session.levelOf(rule) === "mandatory") report(describeProblem(finding));
    else session.advise({ rule, resource, problem: finding });
  }
}

/** What a rule says of one resource; for a rule about the whole stack its inputs are kept until the end. */
function decideOn(
  rule: Rule,
  session: Session,
  { type, name, urn, props, opts }: ResourceValidationArgs,
): readonly Finding[] {
  const inputs = () => plainInputs(props);
  if (rule.decisions.stack) {
    if (session.isObserved(type)) session.observe(urn, { type, name, inputs: inputs() });
    return [];
  }
  const { protect } = opts;
  return decide(rule, { type, inputs, context: { stack: stackOf(urn), options: { protect } } });
}

/** The stack that a URN belongs to: `urn:pulumi:STACK::PROJECT::TYPE::NAME`. */
function stackOf(urn: string): string {
  return (urn.split("::")[0] as string).replace(/^urn:pulumi:/, "");
}

function judgeStack(
  rule: Rule,
  session: Session,
  { resources }: StackValidationArgs,
  report: ReportViolation,
): void {
  const [first] = resources;
  if (!rule.decisions.stack || !first) return;
  const facts = session.stackFacts(resources);
  for (const finding of rule.decisions.stack(facts, { stack: stackOf(first.urn) })) {
    if (isUndecided(finding))
      session.leaveOpen({ rule, resource: "", urn: "", path: finding.undecided });
    else report(describeProblem(finding));
  }
}

/** One message for a rule that is only advised, instead of one for each resource in each preview. */
function summarise(rule: Rule, session: Session, report: ReportViolation): void {
  const resources = new Map<string, string[]>();
  for (const { resource, problem } of session.takeAdvice(rule)) {
    const line = describeProblem(problem);
    resources.set(line, [...(resources.get(line) ?? []), resource]);
  }
  const lines = [...resources].map(([line, names]) => `${names.join(", ")}: ${line}`);
  if (lines.length > 0) report(lines.join("\n"));
}

function undecidedPolicy(session: Session): StackValidationPolicy {
  return {
    name: DECIDED_KEY,
    description: "Every rule can decide in a preview; what it cannot, it decides in the update.",
    enforcementLevel: "advisory",
    validateStack: ({ resources }, report) => {
      for (const open of session.takeOpen()) {
        if (isSettled(open, resources)) continue;
        const { rule, resource, path } = open;
        const at = resource === "" ? path : `${resource}: ${path}`;
        report(
          `${rule.name} (${session.levelOf(rule)}) could not decide: ${at} is known only in the update`,
        );
      }
    },
  };
}

/** Whether the resources that a value comes from say enough of it. */
function isSettled({ rule, urn, path }: Open, resources: StackValidationArgs["resources"]) {
  const property = /^\w+/.exec(path)?.[0] ?? "";
  const producers = producersOf(urn, property, resources);
  return producers ? rule.settles?.(path, producers) === true : false;
}

function configurationPolicy(session: Session): StackValidationPolicy {
  return {
    name: PACK_KEY,
    description: "Every waiver of a rule is printed for as long as it holds.",
    enforcementLevel: "advisory",
    validateStack: (_args, report) => {
      for (const { rule, name, reason, expires } of session.settings.waivers)
        report(`${rule} is waived until ${expires} by ${JSON.stringify(name)}: ${reason}`);
    },
  };
}
