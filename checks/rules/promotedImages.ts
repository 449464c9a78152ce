import { type ContainerOfStack, type Finding, known } from "./facts";

/** What an earlier environment has proven for this one; written when it is promoted. */
export interface PromotionRecord {
  readonly schemaVersion: 1;
  /** The environment that ran it. */
  readonly from: string;
  /** The environment that may run it now. */
  readonly to: string;
  /** Content addresses (`sha256:…`) of the images that ran there. */
  readonly images: readonly string[];
}

/**
 * Checks the shape of a promotion record. Throws an Error that names the key.
 *
 * By hand: a policy pack starts with every preview, and loading a schema library costs it 40 ms.
 */
export function parsePromotionRecord(value: unknown): PromotionRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("is no map");
  const record = value as Record<string, unknown>;
  if (record.schemaVersion !== 1) throw new Error("schemaVersion: must be the number 1");
  for (const key of ["from", "to"] as const) {
    if (typeof record[key] !== "string" || record[key] === "")
      throw new Error(`${key}: must be the name of a stack`);
  }
  const { images } = record;
  if (!Array.isArray(images) || !images.every((image) => /^sha256:[0-9a-f]{64}$/.test(image)))
    throw new Error("images: must be a list of content addresses (sha256: and 64 hex digits)");
  return record as unknown as PromotionRecord;
}

/** What a rule is told of the record: the record, or why there is none. */
export type RecordFound = PromotionRecord | { readonly unreadable: string };

const FIX = "run it in the environment before this one first, and promote it from there";

/** The stack runs only images that the environment before it has run and that were promoted from there. */
export function promotedImages(
  containers: readonly ContainerOfStack[],
  record: RecordFound,
  stack: string,
): readonly Finding[] {
  if ("unreadable" in record)
    return [{ at: "promotion record", problem: record.unreadable, fix: FIX }];
  if (record.to !== stack || record.from === stack)
    return [
      {
        at: "promotion record",
        problem: `promotes from ${record.from} to ${record.to}, not to ${stack}`,
        fix: FIX,
      },
    ];
  return containers.flatMap(({ name, inputs }) =>
    known(inputs.image, `${name}: image`, (image) => {
      const content = /sha256:[0-9a-f]{64}$/.exec(image ?? "")?.[0];
      return content !== undefined && record.images.includes(content)
        ? []
        : [{ at: `${name}: image`, problem: `was not promoted from ${record.from}`, fix: FIX }];
    }),
  );
}
