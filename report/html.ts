import { type ComponentChild, h } from "preact";
import { render } from "preact-render-to-string";
import { drawChart } from "./charts";
import {
  type Block,
  type Cell,
  type CellState,
  type Chart,
  type Report,
  runAnchor,
  type Section,
  type Table,
} from "./document";
import { STYLE } from "./style";

/**
 * A report as one page that needs nothing else: no script, no font, no picture from anywhere.
 *
 * The page itself forbids to load anything, and the library escapes what records say.
 */

const CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const SIGNS: Record<CellState, string> = { met: "✓ ", missed: "✗ ", missing: "", plain: "" };

export function renderHtml(report: Report): string {
  const { title, summary, sections, doom } = report;
  const page = h(
    "html",
    { lang: "en" },
    h(
      "head",
      null,
      h("meta", { charset: "utf-8" }),
      h("meta", { "http-equiv": "Content-Security-Policy", content: CSP } as object),
      h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      h("meta", { name: "color-scheme", content: "light dark" }),
      h("title", null, `${title} – doom-coding`),
      h("style", { dangerouslySetInnerHTML: { __html: STYLE } }),
    ),
    h(
      "body",
      null,
      h(
        "header",
        { id: "top" },
        h("h1", null, title),
        h("p", { class: "soft" }, summary),
        contents(sections),
      ),
      h("main", null, sections.map(renderSection)),
      h("footer", null, `doom-coding ${doom}. `, h("a", { href: "#top" }, "To the top")),
    ),
  );
  return `<!doctype html>\n${render(page)}\n`;
}

function contents(sections: readonly Section[]): ComponentChild {
  return h(
    "nav",
    { "aria-label": "Sections" },
    h(
      "ul",
      null,
      sections.map(({ id, title }) => h("li", null, h("a", { href: `#${id}` }, title))),
    ),
  );
}

function renderSection({ id, title, blocks }: Section): ComponentChild {
  const heading = `${id}-title`;
  return h(
    "section",
    { id, "aria-labelledby": heading },
    h("h2", { id: heading }, title),
    blocks.map(renderBlock),
  );
}

function renderBlock(block: Block): ComponentChild {
  if (block.kind === "text") return h("p", null, block.text);
  return block.kind === "table" ? renderTable(block) : renderFigure(block);
}

/** A phone shows a row as a card, which browsers no longer take for a table's: hence the roles. */
function renderTable({ columns, rows, anchors = [] }: Table): ComponentChild {
  const heads = columns.map((name) => h("th", { scope: "col", role: "columnheader" }, name));
  return h(
    "table",
    { role: "table" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)),
    h(
      "tbody",
      { role: "rowgroup" },
      rows.map((row, index) =>
        h(
          "tr",
          { role: "row", id: anchors[index] },
          row.map((cell, column) => renderCell(cell, columns[column] as string)),
        ),
      ),
    ),
  );
}

function renderCell(
  { text, detail, state = "plain", runs = [] }: Cell,
  label: string,
): ComponentChild {
  const shown: ComponentChild =
    state === "plain" ? text : h("span", { class: state }, SIGNS[state], text);
  return h(
    "td",
    { role: "cell", "data-label": label },
    shown,
    renderRuns(runs),
    detail === undefined ? null : h("span", { class: "detail" }, detail),
  );
}

const SHOWN_RUNS = 3;

/** The newest of them: who wants all finds them in the list. */
function renderRuns(runs: readonly number[]): ComponentChild {
  const last = runs.slice(-SHOWN_RUNS);
  if (last.length === 0) return null;
  return h(
    "span",
    { class: "runs" },
    last.length < runs.length ? " [… " : " [",
    last.flatMap((run, index) => [
      index === 0 ? "" : ", ",
      h("a", { href: `#${runAnchor(run)}`, "aria-label": `run ${run}` }, String(run)),
    ]),
    "]",
  );
}

function renderFigure(chart: Chart): ComponentChild {
  const { title, summary, runs } = chart;
  const { wide, narrow } = drawChart(chart);
  const picture = (width: string, svg: string) =>
    h("div", {
      class: width,
      role: "img",
      "aria-label": `${title}. ${summary}`,
      dangerouslySetInnerHTML: { __html: svg },
    });
  return h(
    "figure",
    null,
    h("figcaption", null, h("strong", null, title), summary, renderRuns(runs)),
    picture("wide", wide),
    picture("narrow", narrow),
  );
}
