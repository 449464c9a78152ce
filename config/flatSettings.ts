/** Settings by their path, such as `user.puid`; lists and empty maps are values of their own. */
export type FlatSettings = ReadonlyMap<string, unknown>;

const SEPARATOR = ".";

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A map can be taken apart unless a key of it could not be told from a path afterwards. */
function hasPaths(value: unknown): value is Record<string, unknown> {
  if (!isMap(value)) return false;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => key !== "" && !key.includes(SEPARATOR));
}

/** The leaves of nested maps, in their order. */
export function flatten(settings: Readonly<Record<string, unknown>>): Map<string, unknown> {
  const leaves = Object.entries(settings).flatMap(([key, value]): [string, unknown][] =>
    hasPaths(value)
      ? [...flatten(value)].map(([path, leaf]) => [`${key}${SEPARATOR}${path}`, leaf])
      : [[key, value]],
  );
  return new Map(leaves);
}

/** The nested maps that {@link flatten} took apart. */
export function unflatten(settings: FlatSettings): Record<string, unknown> {
  const sections = new Map<string, Map<string, unknown>>();
  const values = new Map<string, unknown>();
  for (const [path, value] of settings) {
    const [key, ...rest] = path.split(SEPARATOR) as [string, ...string[]];
    values.set(key, value);
    if (rest.length === 0) continue;
    const section = sections.get(key) ?? new Map<string, unknown>();
    sections.set(key, section.set(rest.join(SEPARATOR), value));
  }
  // Not by assignment: a key named __proto__ has to stay a key, for the schema to refuse it.
  return Object.fromEntries(
    [...values].map(([key, value]) => {
      const section = sections.get(key);
      return [key, section ? unflatten(section) : value];
    }),
  );
}

/** The parts of a path, for those who look in nested maps. */
export function pathOf(key: string): string[] {
  return key.split(SEPARATOR);
}
