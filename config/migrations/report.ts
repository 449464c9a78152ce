import type { Migration, TakenStep } from "./chain";
import type { Configuration, Loss } from "./step";

/** What became of one key between the first version and the last; values of secrets are in none. */
export type KeyReport =
  | { readonly outcome: "kept"; readonly key: string }
  | { readonly outcome: "renamed"; readonly key: string; readonly to: string }
  | {
      readonly outcome: "added";
      readonly key: string;
      readonly value: unknown;
      readonly reason: string;
    }
  | { readonly outcome: "secret"; readonly key: string; readonly to: string }
  | { readonly outcome: "notCarried"; readonly key: string; readonly reason: string };

/** The version itself is told by the steps that were taken. */
const VERSION_KEY = "schemaVersion";

/** Where a key of the present version comes from: a key of the first one, or a step with its reason. */
type Origin = { readonly key: string } | { readonly reason: string };

/** Sums up the changes of all steps: a line for each key that was there, in its order, then the added ones. */
export function reportKeys(before: Configuration, migration: Migration): KeyReport[] {
  const names = [...before.settings.keys(), ...before.secrets.keys()];
  const origins = new Map<string, Origin>(names.map((key) => [key, { key }]));
  const reports = new Map<string, KeyReport>();
  for (const change of migration.taken.flatMap(({ changes }) => changes)) {
    const origin = origins.get(change.key);
    origins.delete(change.key);
    if (change.kind === "added") origins.set(change.key, { reason: change.reason });
    if (change.kind === "renamed" && origin) origins.set(change.to, origin);
    if (change.kind === "dropped" && origin && "key" in origin) {
      const { key } = origin;
      reports.set(key, { outcome: "notCarried", key, reason: change.reason });
    }
  }
  const { settings, secrets } = migration.configuration;
  for (const [key, origin] of origins) {
    const report = carried(key, origin, settings.get(key), secrets.has(key));
    reports.set(report.key, report);
  }
  reports.delete(VERSION_KEY);
  const ordered = names.flatMap((name) => reports.get(name) ?? []);
  return [...ordered, ...[...reports.values()].filter(({ outcome }) => outcome === "added")];
}

function carried(to: string, origin: Origin, value: unknown, isSecret: boolean): KeyReport {
  if ("reason" in origin) return { outcome: "added", key: to, value, reason: origin.reason };
  const { key } = origin;
  if (key === to) return { outcome: "kept", key };
  return { outcome: isSecret ? "secret" : "renamed", key, to };
}

/** A step as a report shows it. */
export interface StepReport {
  readonly from: string;
  readonly to: string;
  readonly title: string;
  readonly cannotCarryBack: readonly Loss[];
}

/** The steps that were taken, without their functions. */
export function reportSteps(taken: readonly TakenStep[]): StepReport[] {
  return taken.map(({ step: { from, to, title, cannotCarryBack } }) => ({
    from,
    to,
    title,
    cannotCarryBack,
  }));
}
