/** Whether a stack stays as it is when what runs it has changed: the engine, a plugin, the SDK or the schema. */

/** What a preview would do to one resource. */
export interface PlannedChange {
  readonly urn: string;
  /** create, update, replace or delete. */
  readonly operation: string;
}

export interface KeptVerdict<T> {
  /** What nobody asked for. */
  readonly unexpected: readonly T[];
  /** Checks that look at the stack again, which changes nothing in it. */
  readonly checks: readonly T[];
}

/**
 * The commands that run again whenever the configuration reads differently, such as with a new default of the
 * schema: each only looks at what there is (components/configMigration.ts, components/verification.ts).
 */
const CHECKS = [
  "$doom-coding:index:ConfigMigration$command:local:Command::environment-configuration-check",
  "$doom-coding:index:Verification$command:local:Command::environment-verification-verify",
];

/** A check that comes or goes is no longer the one that the stack has. */
function isCheck({ urn, operation }: PlannedChange): boolean {
  return (
    (operation === "replace" || operation === "update") &&
    CHECKS.some((place) => urn.endsWith(place))
  );
}

/** Judges what a preview over an unchanged, deployed stack would do. */
export function judgeKept<T extends PlannedChange>(changes: readonly T[]): KeptVerdict<T> {
  return {
    unexpected: changes.filter((change) => !isCheck(change)),
    checks: changes.filter(isCheck),
  };
}
