import { UnknownValueError } from "@pulumi/policy";
import { UNKNOWN } from "../checks/rules/facts";

/**
 * The inputs of a resource as plain data, with {@link UNKNOWN} where a preview does not know the value.
 *
 * Pulumi hands a policy a proxy that throws at the first unknown it is asked for, and the SDK turns that
 * into an advisory "can't run policy": one unknown would disarm the whole rule. So each field is read
 * on its own. `null` becomes "left out", as providers take it.
 */
export function plainInputs(props: Record<string, unknown>): Record<string, unknown> {
  return plain(props) as Record<string, unknown>;
}

function plain(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return Array.from(value.keys(), (index) => field(value, index));
  // Assets and archives are objects of classes; no rule looks into them.
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, field(value, key)]));
}

function field(holder: object, key: string | number): unknown {
  try {
    return plain((holder as Record<string | number, unknown>)[key]);
  } catch (error) {
    if (error instanceof UnknownValueError) return UNKNOWN;
    throw error;
  }
}
