import {
  COMMAND,
  CONTAINER,
  type Context,
  type Finding,
  NETWORK,
  REMOTE_IMAGE,
  VOLUME,
} from "../../checks/rules/facts";
import type { Rule } from "./rule";

type Decision = (inputs: Record<string, unknown>, context: Context) => readonly Finding[];

/** One resource as a rule gets to see it. */
export interface Judged {
  /** Pulumi's type token. */
  readonly type: string;
  /** Its inputs as plain data, with UNKNOWN where a value is not known yet; read by few of the rules. */
  readonly inputs: () => Record<string, unknown>;
  readonly context: Context;
}

/** What `rule` says of one resource; nothing when it is about others. */
export function decide(rule: Rule, { type, inputs, context }: Judged): readonly Finding[] {
  const { container, network, volume, image, command } = rule.decisions;
  if (rule.decisions.type) return rule.decisions.type(type);
  const byType = {
    [CONTAINER]: container,
    [NETWORK]: network,
    [VOLUME]: volume,
    [REMOTE_IMAGE]: image,
    [COMMAND]: command,
  } as Record<string, Decision | undefined>;
  return byType[type]?.(inputs(), context) ?? [];
}
