import type { HistogramFigures } from "../core/tasks/task-figures.ts";

/** One metric as text of the page: its head, and its series as they are added. */
export interface Family {
  /** `labels` as they stand between the braces; empty for the one series of a metric without labels. */
  add(labels: string, value: number): void;
  /** Another series of the same metric, such as `_sum`. */
  addTo(suffix: string, labels: string, value: number): void;
  text(): string;
}

/** Begins a metric without series. */
export function family(name: string, type: MetricType, help: string): Family {
  const lines = [head(name, type, help)];
  const addTo = (suffix: string, labels: string, value: number): void => {
    lines.push(labels === "" ? `${name}${suffix} ${value}\n` : `${name}${suffix}{${labels}} ${value}\n`);
  };
  return { add: (labels, value) => addTo("", labels, value), addTo, text: () => lines.join("") };
}

export type MetricType = "gauge" | "counter" | "histogram";

/** What stands before the series of a metric. */
export function head(name: string, type: MetricType, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** The value of a label, for between its quotes. */
export function escapeLabel(text: string): string {
  return /["\\\n]/u.test(text) ? text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"') : text;
}

/** The buckets of a histogram from the smallest bound to `+Inf`, with how many values are in each: Prometheus wants each to hold all smaller ones, too. */
export function* buckets({ bounds, counts, count }: HistogramFigures): Generator<readonly [string, number]> {
  let below = 0;
  for (const [at, bound] of bounds.entries()) {
    below += counts[at] ?? 0;
    yield [`le="${bound}"`, below];
  }
  yield ['le="+Inf"', count];
}

/** Families as pieces of the page. */
export function* texts(families: readonly Family[]): Generator<string> {
  for (const each of families) yield `${each.text()}\n`;
}
