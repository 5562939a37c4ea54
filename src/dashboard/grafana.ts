import type { Panel, Row } from "./panel.ts";

type Json = Readonly<Record<string, unknown>>;

/** Columns of Grafana's grid. */
const gridWidth = 24;
const sizes = { number: { w: 6, h: 4 }, lines: { w: 12, h: 8 }, stack: { w: 12, h: 8 } } as const;
const datasource = { type: "prometheus", uid: "${datasource}" } as const;

/** The dashboard that shows these rows, as Grafana imports it. Each panel gets the place that is free next. */
export function grafanaDashboard(rows: readonly Row[]): Json {
  return {
    uid: "pm",
    title: "pm",
    description: "Farms of worker processes kept alive by pm.",
    tags: ["pm"],
    schemaVersion: 41,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    annotations: { list: [] },
    links: [],
    templating: { list: variables },
    panels: place(rows),
  };
}

const variables: readonly Json[] = [
  { name: "datasource", label: "Data source", type: "datasource", query: "prometheus", refresh: 1, hide: 0 },
  choice("instance", "Farm", "process_manager_running, instance"),
  choice("consumer", "Consumer", 'autoscaler_current_workers{instance=~"$instance"}, consumer'),
  choice(
    "transport",
    "Transport",
    'messages_processed_total{instance=~"$instance",consumer=~"$consumer"}, transport',
    ".*",
  ),
  choice(
    "message_class",
    "Message class",
    'messenger_messages_processed_total{instance=~"$instance",transport=~"$transport"}, message_class',
    ".*",
  ),
];

function choice(name: string, label: string, values: string, allValue = ".+"): Json {
  const query = `label_values(${values})`;
  return {
    name,
    label,
    type: "query",
    datasource,
    definition: query,
    query: { qryType: 1, query, refId: "PrometheusVariableQueryEditor-VariableQuery" },
    refresh: 2, // with the time range: consumers come and go
    sort: 1,
    multi: true,
    includeAll: true,
    allValue,
    current: { text: ["All"], value: ["$__all"] },
    hide: 0,
  };
}

function place(rows: readonly Row[]): Json[] {
  const placed: Json[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    placed.push({
      id: placed.length + 1,
      type: "row",
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: gridWidth, h: 1 },
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      const { w, h } = sizes[panel.shows ?? "number"];
      if (x + w > gridWidth) {
        y += height;
        x = 0;
        height = 0;
      }
      placed.push({ id: placed.length + 1, ...grafanaPanel(panel), gridPos: { x, y, w, h } });
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return placed;
}

function grafanaPanel(panel: Panel): Json {
  const { title, answers, needs, queries, shows = "number", unit = "short", thresholds = [] } = panel;
  const isNumber = shows === "number";
  const marked = thresholds.length > 0;
  const lowest = thresholds[0]?.from === 0 ? thresholds[0].color : "green";
  return {
    type: isNumber ? "stat" : "timeseries",
    title,
    description: needs === undefined ? answers : `${answers} Empty without ${needs}.`,
    datasource,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource,
      editorMode: "code",
      expr,
      legendFormat: legend ?? "__auto",
      range: !isNumber,
      instant: isNumber,
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        color: { mode: isNumber ? "thresholds" : "palette-classic" },
        thresholds: {
          mode: "absolute",
          steps: [
            { color: lowest, value: null },
            ...thresholds.filter(({ from }) => from > 0).map(({ from, color }) => ({ color, value: from })),
          ],
        },
        ...(isNumber ? {} : { custom: lineStyle(shows === "stack", marked) }),
      },
      overrides: [],
    },
    options: isNumber ? numberOptions : lineOptions,
  };
}

function lineStyle(isStacked: boolean, isMarked: boolean): Json {
  return {
    drawStyle: "line",
    lineWidth: 1,
    fillOpacity: isStacked ? 30 : 5,
    showPoints: "never",
    spanNulls: false,
    stacking: { mode: isStacked ? "normal" : "none", group: "A" },
    thresholdsStyle: { mode: isMarked ? "dashed" : "off" },
  };
}

const numberOptions: Json = {
  colorMode: "value",
  graphMode: "none",
  justifyMode: "auto",
  textMode: "auto",
  reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
};

const lineOptions: Json = {
  legend: { displayMode: "list", placement: "bottom", showLegend: true },
  tooltip: { mode: "multi", sort: "desc" },
};
