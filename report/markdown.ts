import { type Block, type Cell, type Report, runAnchor, type Table } from "./document";

/** A report as Markdown: tables as GitHub has them, charts by what they say. */

const SIGNS = { met: "✓ ", missed: "✗ ", missing: "", plain: "" } as const;

export function renderMarkdown({ title, summary, sections, doom }: Report): string {
  const parts = sections.map((section) =>
    [
      `## <a id="${section.id}"></a>${asText(section.title)}`,
      ...section.blocks.map(renderBlock),
    ].join("\n\n"),
  );
  return `${[`# ${asText(title)}`, asText(summary), ...parts, `doom ${asText(doom)}`].join("\n\n")}\n`;
}

function renderBlock(block: Block): string {
  if (block.kind === "text") return asText(block.text);
  if (block.kind === "table") return renderTable(block);
  return `**${asText(block.title)}.** ${asText(block.summary)}${links(block.runs)}`;
}

function renderTable({ columns, rows, anchors = [] }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const body = rows.map((row, index) => {
    const anchor = anchors[index];
    const [first = "", ...others] = row.map(renderCell);
    return line([anchor === undefined ? first : `<a id="${anchor}"></a>${first}`, ...others]);
  });
  return [line(columns.map(asText)), line(columns.map(() => "---")), ...body].join("\n");
}

function renderCell({ text, detail, state = "plain", runs = [] }: Cell): string {
  const more = detail === undefined ? "" : ` (${asText(detail)})`;
  return `${SIGNS[state]}${asText(text)}${more}${links(runs)}`;
}

const links = (runs: readonly number[]) =>
  runs.map((run) => ` [\\[${run}\\]](#${runAnchor(run)})`).join("");

/** Nothing that a record says is markup. */
function asText(content: string): string {
  return content
    .replace(/[\\`*_[\]|#]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replace(/\s+/g, " ");
}
