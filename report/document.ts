/** A report as data: what the three forms of it have in common. */

export const NOT_MEASURED = "not measured";

/** `met` and `missed` judge a target or a bound, `missing` is what nobody has measured. */
export type CellState = "met" | "missed" | "missing" | "plain";

export interface Cell {
  readonly text: string;
  /** Its sample, its confidence, or what it is: a second line. */
  readonly detail?: string;
  readonly state?: CellState;
  /** The numbers of the runs that it comes from. */
  readonly runs?: readonly number[];
  /** The figure as a number: a rate from 0 to 1, or in the unit that `text` names. */
  readonly value?: number;
  /** How many times it was measured. */
  readonly sample?: number;
  /** Of a rate: its lower bound, see `statistics.ts`. */
  readonly atLeast?: number;
}

export interface Table {
  readonly kind: "table";
  /** The anchor of each row, where rows are linked to. */
  readonly anchors?: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Text {
  readonly kind: "text";
  readonly text: string;
}

/** One set of bars or one line. */
export interface Series {
  readonly name: string;
  /** One for each category. */
  readonly values: readonly number[];
}

export interface HeatCell {
  readonly row: number;
  readonly column: number;
  /** What stands in it; colour alone tells nobody anything. */
  readonly text: string;
  readonly shade: "none" | "some" | "all" | "wrong";
}

export type Drawing =
  | {
      readonly form: "heat";
      readonly rows: readonly string[];
      readonly columns: readonly string[];
      readonly cells: readonly HeatCell[];
    }
  | {
      readonly form: "bars" | "stacked" | "lines";
      readonly unit: string;
      readonly categories: readonly string[];
      readonly series: readonly Series[];
    };

export interface Chart {
  readonly kind: "chart";
  readonly title: string;
  /** What it shows, for those who do not see it and for Markdown. */
  readonly summary: string;
  readonly runs: readonly number[];
  readonly drawing: Drawing;
}

export type Block = Table | Text | Chart;

export interface Section {
  /** Its anchor. */
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface Report {
  readonly report: 1;
  readonly title: string;
  /** ISO 8601. */
  readonly madeAt: string;
  readonly doom: string;
  readonly summary: string;
  readonly sections: readonly Section[];
}

export const cell = (text: string, more: Omit<Cell, "text"> = {}): Cell => ({ text, ...more });

export const missing = (how?: string): Cell =>
  cell(NOT_MEASURED, { state: "missing", ...(how === undefined ? {} : { detail: how }) });

/** What the plan does not ask for. */
export const NONE = cell("–");

export const table = (columns: readonly string[], rows: readonly (readonly Cell[])[]): Table => ({
  kind: "table",
  columns,
  rows,
});

export const text = (content: string): Text => ({ kind: "text", text: content });

/** The anchor of a run. */
export const runAnchor = (number: number) => `run-${number}`;
