import { readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { writeDurably } from "../../operations/durableFile";
import { environmentHistories } from "../../operations/environmentHistory";
import { errorCode, Failure } from "../../operations/failure";
import { findProject } from "../../operations/project";
import { readRuns } from "../../operations/runRecords";
import { buildReport } from "../../report/buildReport";
import { NOT_MEASURED, type Report, type Table } from "../../report/document";
import { historySection } from "../../report/history";
import { renderHtml } from "../../report/html";
import { renderMarkdown } from "../../report/markdown";
import type { Outcome } from "../output";
import { table } from "../text";

export interface ReportOptions {
  /** The folder that it is written to; the project's `reports` when none is named. */
  readonly out?: string;
}

/** `doom report`: what recorded runs have measured, as a page, as Markdown and as JSON. */
export async function report({ out }: ReportOptions): Promise<Outcome> {
  const project = findProject();
  const folder = requireFolder(out ?? join(project.root, "reports"));
  const { version } = JSON.parse(readFileSync(join(project.root, "package.json"), "utf8")) as {
    version: string;
  };
  const records = readRuns(project);
  const history = historySection(environmentHistories(project));
  const maker = { madeAt: new Date().toISOString(), doom: version };
  const made = buildReport(records, maker, history === undefined ? [] : [history]);
  const contents = {
    html: renderHtml(made),
    md: renderMarkdown(made),
    json: `${JSON.stringify(made, null, 2)}\n`,
  };
  const files = Object.entries(contents).map(([ending, content]) => {
    const file = join(folder, `report.${ending}`);
    writeDurably(file, content, 0o644);
    return file;
  });
  return describeReport(made, records.length, files);
}

/** Throws a {@link Failure} for a path that no folder can be at. */
function requireFolder(out: string): string {
  const problem = out === "" ? "is empty" : fileInTheWay(resolve(out));
  if (problem === undefined) return resolve(out);
  throw new Failure("usage", `--out ${JSON.stringify(out)} ${problem}.`, {
    fix: "name a folder; it is made when it is not there",
  });
}

function fileInTheWay(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : "is a file";
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") return undefined;
    if (code === "ENOTDIR") return "lies below a file";
    throw error;
  }
}

/** The targets, how much is known, and where the report is. */
export function describeReport(made: Report, runs: number, files: readonly string[]): Outcome {
  const [targets] = tablesOf(made, "targets");
  const { columns = [], rows = [] } = targets ?? {};
  const lines = rows.map((row) => row.map(({ text }) => text));
  const [page = ""] = files;
  const text = [
    table([columns.map((name) => name.toUpperCase()), ...lines]),
    `${runs} recorded run${runs === 1 ? "" : "s"}${runs === 0 ? "; docs/report.md says what leaves records" : ""}`,
    `report: ${relative(process.cwd(), page) || page}`,
  ].join("\n");
  return {
    text,
    data: {
      runs,
      files,
      notMeasured: rows.filter((row) => row.some((one) => one.text === NOT_MEASURED)).length,
      report: made,
    },
  };
}

function tablesOf({ sections }: Report, id: string): Table[] {
  const blocks = sections.find((section) => section.id === id)?.blocks ?? [];
  return blocks.filter((block): block is Table => block.kind === "table");
}
