import * as echarts from "echarts";
import type { Chart, Drawing, HeatCell } from "./document";

/**
 * Charts as SVG, drawn without a browser.
 *
 * A picture cannot change its size of type, so each is drawn for a desk and for a phone. It takes its colours from
 * the page, light or dark: where the library needs a colour it gets a stand-in, which then becomes a variable.
 */

export interface DrawnChart {
  readonly wide: string;
  readonly narrow: string;
}

const WIDE = 760;
const NARROW = 340;

/** Stand-ins by the variable of the page that they become; no other colour is used. */
const COLOURS = {
  "--ink": "#010203",
  "--soft": "#010204",
  "--line": "#010205",
  "--paper": "#010206",
  "--series-1": "#010207",
  "--series-2": "#010208",
  "--series-3": "#010209",
  "--series-4": "#01020a",
  "--heat-none": "#01020b",
  "--heat-some": "#01020c",
  "--heat-all": "#01020d",
  "--heat-wrong": "#01020e",
  "--heat-ink": "#01020f",
} as const;
const SERIES = ["--series-1", "--series-2", "--series-3", "--series-4"] as const;

export function drawChart({ drawing }: Chart): DrawnChart {
  return { wide: draw(drawing, WIDE), narrow: draw(drawing, NARROW) };
}

function draw(drawing: Drawing, width: number): string {
  const height = heightOf(drawing, width);
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      color: SERIES.map((name) => COLOURS[name]),
      textStyle: { fontFamily: "inherit", color: COLOURS["--ink"] },
      ...(drawing.form === "heat" ? heat(drawing, width) : axes(drawing, width)),
    });
    return withVariables(withoutHover(chart.renderToSVGString({ useViewBox: true })));
  } finally {
    chart.dispose();
  }
}

/** The library's styles are for what moves under a pointer; inside a page they would hold for all of it. */
const withoutHover = (svg: string) => svg.replace(/<style\b[\s\S]*?<\/style>/g, "");

function withVariables(svg: string): string {
  return Object.entries(COLOURS).reduce((all, [name, colour]) => {
    const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
    const forms = new RegExp(`${colour}|rgba?\\(${red}, ?${green}, ?${blue}(?:, ?1)?\\)`, "g");
    return all.replace(forms, `var(${name})`);
  }, svg);
}

function heightOf(drawing: Drawing, width: number): number {
  if (drawing.form === "heat") {
    const { left, top } = heatMargins(drawing, width);
    const side = Math.min(44, (width - left) / drawing.columns.length);
    return Math.round(top + Math.max(side, 22) * drawing.rows.length + 4);
  }
  if (drawing.form === "lines") return width === WIDE ? 320 : 260;
  const bars = drawing.categories.length * (drawing.form === "bars" ? drawing.series.length : 1);
  return 70 + bars * (width === WIDE ? 36 : 52);
}

const axisStyle = {
  axisLine: { lineStyle: { color: COLOURS["--line"] } },
  axisTick: { lineStyle: { color: COLOURS["--line"] } },
  splitLine: { lineStyle: { color: COLOURS["--line"] } },
  axisLabel: { color: COLOURS["--soft"], fontSize: 12 },
  nameTextStyle: { color: COLOURS["--soft"], fontSize: 12 },
};

const legend = {
  backgroundColor: COLOURS["--paper"],
  borderColor: COLOURS["--paper"],
  top: 0,
  left: 0,
  itemWidth: 14,
  itemHeight: 10,
  textStyle: { color: COLOURS["--ink"], fontSize: 12 },
};

type Axes = Exclude<Drawing, { form: "heat" }>;

function axes(drawing: Axes, width: number): echarts.EChartsCoreOption {
  return drawing.form === "lines" ? lines(drawing) : bars(drawing, width);
}

/** Categories are numbers here, and lie as far apart as they are. */
function lines({ unit, categories, series }: Axes): echarts.EChartsCoreOption {
  return {
    legend,
    grid: { left: 8, right: 16, top: 44, bottom: 28, containLabel: true },
    xAxis: {
      type: "value",
      name: "editors",
      nameLocation: "middle",
      nameGap: 28,
      min: 0,
      ...axisStyle,
    },
    yAxis: { type: "value", name: unit, min: 0, ...axisStyle },
    series: series.map(({ name, values }, index) => ({
      name,
      type: "line",
      symbol: index === 0 ? "circle" : "diamond",
      symbolSize: 8,
      // Told apart without colour as well.
      lineStyle: { width: 2, type: index === 0 ? "solid" : "dashed" },
      data: values.map((value, at) => [Number(categories[at]), value]),
    })),
  };
}

function bars({ form, unit, categories, series }: Axes, width: number): echarts.EChartsCoreOption {
  const isStacked = form === "stacked";
  const hasLegend = series.length > 1;
  return {
    ...(hasLegend ? { legend } : {}),
    grid: { left: 0, right: 56, top: hasLegend ? 34 : 4, bottom: 20, containLabel: true },
    xAxis: { type: "value", name: unit, nameLocation: "end", nameGap: 6, min: 0, ...axisStyle },
    yAxis: {
      type: "category",
      data: categories,
      inverse: true,
      ...axisStyle,
      axisTick: { show: false },
      axisLabel: {
        color: COLOURS["--ink"],
        fontSize: 12,
        width: width === WIDE ? 260 : 110,
        overflow: "break",
      },
    },
    series: series.map(({ name, values }) => ({
      name,
      type: "bar",
      ...(isStacked ? { stack: "all" } : {}),
      barMaxWidth: 22,
      itemStyle: { borderColor: COLOURS["--paper"], borderWidth: isStacked ? 1 : 0 },
      label: {
        show: true,
        position: isStacked ? "inside" : "right",
        color: isStacked ? COLOURS["--paper"] : COLOURS["--ink"],
        fontSize: 12,
        formatter: ({ value }: { value: number }) => value.toFixed(value >= 10 ? 0 : 1),
      },
      labelLayout: { hideOverlap: true },
      data: values,
    })),
  };
}

const SHADES: readonly HeatCell["shade"][] = ["none", "some", "all", "wrong"];

type Heat = Extract<Drawing, { form: "heat" }>;

function heatMargins({ rows, columns }: Heat, width: number): { left: number; top: number } {
  const longest = (names: readonly string[]) => Math.max(...names.map((name) => name.length));
  const perLetter = width === WIDE ? 6.6 : 5.6;
  const room = (names: readonly string[]) => Math.round(longest(names) * perLetter) + 14;
  return { left: room(rows), top: room(columns) };
}

function heat(drawing: Heat, width: number): echarts.EChartsCoreOption {
  const { rows, columns, cells } = drawing;
  const fontSize = width === WIDE ? 12 : 10;
  const axis = {
    type: "category",
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { show: false },
  };
  const axisLabel = { color: COLOURS["--ink"], fontSize, interval: 0 };
  return {
    grid: { ...heatMargins(drawing, width), right: 0, bottom: 4 },
    xAxis: { ...axis, data: columns, position: "top", axisLabel: { ...axisLabel, rotate: 90 } },
    yAxis: { ...axis, data: rows, inverse: true, axisLabel },
    visualMap: {
      show: false,
      type: "piecewise",
      dimension: 2,
      pieces: SHADES.map((shade, value) => ({ value, color: COLOURS[`--heat-${shade}`] })),
    },
    series: [
      {
        type: "heatmap",
        data: cells.map(({ row, column, shade, text }) => ({
          value: [column, row, SHADES.indexOf(shade)],
          name: text,
        })),
        itemStyle: { borderColor: COLOURS["--paper"], borderWidth: 1 },
        label: {
          show: true,
          color: COLOURS["--heat-ink"],
          fontSize: fontSize - 1,
          formatter: ({ name }: { name: string }) => name,
        },
      },
    ],
  };
}
