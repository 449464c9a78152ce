import type { Operation, Step } from "./updateProgress";

const WORDS: Readonly<Record<Operation, string>> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
};

/** `13 created, 1 updated`; `nothing changed` when there is nothing. */
export function changesText(changes: Partial<Record<Operation, number>>): string {
  const parts = (Object.keys(WORDS) as Operation[]).flatMap((operation) => {
    const count = changes[operation];
    return count ? [`${count} ${WORDS[operation]}`] : [];
  });
  return parts.length === 0 ? "nothing changed" : parts.join(", ");
}

/** Rows in columns as wide as their widest cell, two spaces between them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const SIGNS: Readonly<Record<Operation, string>> = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
};

/** What a preview would do, one row each, with the properties that make it necessary. */
export function stepTable(steps: readonly Omit<Step, "urn">[]): string {
  return table(
    steps.map(({ operation, type, name, because }) => [
      `  ${SIGNS[operation]} ${operation}`,
      type,
      name,
      because.length > 0 ? `(${because.join(", ")})` : "",
    ]),
  );
}
