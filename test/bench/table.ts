import type { Judgement, Unit, Verdict } from "../../checks/benchVerdict";

const VERDICTS: Record<Verdict, string> = {
  held: "held",
  exceeded: "EXCEEDED",
  reported: "reported only",
};

const HEADINGS = [
  "figure",
  "ours",
  "against",
  "its",
  "ratio min",
  "ratio median",
  "extra",
  "bound",
  "",
];
/** Words stand left, numbers right. */
const NUMBERS = new Set([1, 3, 4, 5, 6, 7]);

/** The judgements as a table: medians in seconds or mebibytes, ratios as minimum and median of the rounds. */
export function renderTable(judgements: readonly Judgement[]): string {
  const rows = [HEADINGS, ...judgements.map(cells)];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  const render = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return NUMBERS.has(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width));
  return [render(HEADINGS), render(rule), ...judgements.map((one) => render(cells(one)))].join(
    "\n",
  );
}

function amount(value: number, unit: Unit): string {
  if (unit === "bytes") return `${(value / 1024 ** 2).toFixed(1)} MiB`;
  return unit === "fewMilliseconds" ? `${value.toFixed(2)} ms` : `${(value / 1000).toFixed(2)} s`;
}

function cells(judgement: Judgement): string[] {
  const { figure, ours, peer, theirs, ratio, extra, bound, boundOfExtra, verdict } = judgement;
  const shown = (value: number) => amount(value, judgement.unit);
  const bounds = [
    ...(bound === undefined ? [] : [`ratio <= ${bound}`]),
    ...(boundOfExtra === undefined ? [] : [`extra <= ${shown(boundOfExtra)}`]),
  ];
  return [
    figure,
    shown(ours.median),
    peer,
    shown(theirs.median),
    ratio.minimum.toFixed(2),
    ratio.median.toFixed(2),
    shown(extra.median),
    bounds.length === 0 ? "-" : bounds.join(", "),
    VERDICTS[verdict],
  ];
}
