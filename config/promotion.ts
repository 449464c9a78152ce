import type { FlatSettings } from "./flatSettings";

/** What of an environment goes on to the next one when it is promoted. */

/**
 * `promoted`: proven in one environment and then the same in the next. `per-environment`: each has its own.
 * Secrets are not settings: they stand under a key of their own and are only compared, by name.
 */
export type Travel = "promoted" | "per-environment";

/** Every setting of the schema by its path; what stands below a path goes with it unless it has its own line. */
export const TRAVEL: Readonly<Record<string, Travel>> = {
  schemaVersion: "promoted",
  instances: "per-environment",
  resources: "per-environment",
  access: "per-environment",
  network: "per-environment",
  capacity: "per-environment",
  logLevel: "per-environment",
  timeZone: "promoted",
  // Volumes belong to these numbers.
  user: "per-environment",
  image: "promoted",
  variables: "promoted",
  tailscale: "per-environment",
  claude: "per-environment",
  "claude.version": "promoted",
  seed: "per-environment",
  promotion: "per-environment",
};

/** How the setting at a path travels. Throws an Error for one that nobody has declared. */
export function travelOf(path: string): Travel {
  for (let parts = path.split("."); parts.length > 0; parts = parts.slice(0, -1)) {
    const travel = TRAVEL[parts.join(".")];
    if (travel !== undefined) return travel;
  }
  throw new Error(`${path}: config/promotion.ts does not say whether it is promoted`);
}

/** The settings that travel, with the image named by its content: a version may be built anew tomorrow. */
export function promotedSettings(source: FlatSettings, image: string): FlatSettings {
  const settings = new Map(
    [...source].filter(([path]) => travelOf(path) === "promoted" && !path.startsWith("image.")),
  );
  return settings.set("image.reference", image);
}

/** The target's settings with those that travel in place of its own. */
export function withPromoted(target: FlatSettings, promoted: FlatSettings): FlatSettings {
  const own = [...target].filter(([path]) => travelOf(path) === "per-environment");
  return new Map([...own, ...promoted]);
}

/** One setting that a promotion changes; undefined where it is not set. */
export interface SettingChange {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** What changes from one to the other, by path. */
export function settingChanges(before: FlatSettings, after: FlatSettings): SettingChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .map((path) => ({ path, from: before.get(path), to: after.get(path) }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}
