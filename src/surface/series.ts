import { Histogram } from "../core/tasks/histogram.ts";
import { buckets, escapeLabel, head, type MetricType } from "./metric-text.ts";

/** The values of all labels of a metric. */
export type Labels<L extends string> = Readonly<Record<L, string>>;

/** So many lines of the page are one piece of it: about a quarter of a millisecond. */
const linesOfPiece = 500;

/** What series of a metric without labels are filed under. */
const unlabelled = "";

/**
 * Metrics that are kept from page to page. By hand, because their text is made anew for each page while the farm has to run: the label text
 * of a series is made once, and the page comes in pieces.
 */
export class Registry {
  readonly #metrics: Metric[] = [];

  /** `labelNames` in the order in which the page tells them; a counter without labels is there at once, at 0. */
  counter<L extends string>(name: string, help: string, ...labelNames: L[]): Numbers<L> {
    return this.#add(new Numbers(name, "counter", help, labelNames));
  }

  gauge<L extends string>(name: string, help: string, ...labelNames: L[]): Numbers<L> {
    return this.#add(new Numbers(name, "gauge", help, labelNames));
  }

  /** `bounds` in seconds, ascending. */
  histogram<L extends string>(
    name: string,
    help: string,
    bounds: readonly number[],
    ...labelNames: L[]
  ): Histograms<L> {
    return this.#add(new Histograms(name, help, bounds, labelNames));
  }

  /** Takes out every series with this label: names may come and go for as long as pm runs. */
  forget(name: string, value: string): void {
    const label = labelText([name], { [name]: value });
    for (const metric of this.#metrics) metric.forget(label);
  }

  /** The text of all metrics, in pieces; between two of them the series may change. */
  *text(): Generator<string> {
    for (const metric of this.#metrics) {
      let lines = [metric.head];
      for (const line of metric.lines()) {
        if (lines.push(line) < linesOfPiece) continue;
        yield lines.join("");
        lines = [];
      }
      yield `${lines.join("")}\n`;
    }
  }

  #add<M extends Metric>(metric: M): M {
    this.#metrics.push(metric);
    return metric;
  }
}

interface Metric {
  readonly head: string;
  forget(label: string): void;
  lines(): Iterable<string>;
}

/** What is the same for all kinds: series by the text of their labels. */
abstract class SeriesByLabels<L extends string, S> {
  readonly head: string;
  protected readonly name: string;
  protected readonly series = new Map<string, S>();
  readonly #labelNames: readonly L[];

  constructor(name: string, type: MetricType, help: string, labelNames: readonly L[]) {
    this.name = name;
    this.head = head(name, type, help);
    this.#labelNames = labelNames;
  }

  protected abstract make(labels: string): S;

  /** The series of these labels, made when there is none; those who count often keep it. */
  labels(labels: Labels<L>): S {
    return this.find(labelText(this.#labelNames, labels));
  }

  forget(label: string): void {
    // A quote inside a value is escaped, so this text is nowhere but where the label is.
    for (const labels of this.series.keys()) if (labels.includes(label)) this.series.delete(labels);
  }

  protected find(labels: string): S {
    const found = this.series.get(labels);
    if (found !== undefined) return found;
    const made = this.make(labels);
    this.series.set(labels, made);
    return made;
  }
}

/** One number of the page. */
export class NumberSeries {
  /** The line but for its value. */
  readonly line: string;
  value = 0;

  constructor(line: string) {
    this.line = line;
  }

  inc(by = 1): void {
    this.value += by;
  }
}

/** A counter or a gauge. */
export class Numbers<L extends string> extends SeriesByLabels<L, NumberSeries> implements Metric {
  constructor(name: string, type: "counter" | "gauge", help: string, labelNames: readonly L[]) {
    super(name, type, help, labelNames);
    if (labelNames.length === 0) this.find(unlabelled);
  }

  inc(labels: Labels<L>, by = 1): void {
    this.labels(labels).inc(by);
  }

  /** Leaves no series. */
  clear(): void {
    this.series.clear();
  }

  *lines(): Generator<string> {
    for (const { line, value } of this.series.values()) yield `${line}${value}\n`;
  }

  protected make(labels: string): NumberSeries {
    return new NumberSeries(labels === unlabelled ? `${this.name} ` : `${this.name}{${labels}} `);
  }
}

/** A histogram: a series is told of from its first value on. */
export class Histograms<L extends string> extends SeriesByLabels<L, Histogram> implements Metric {
  readonly #bounds: readonly number[];

  constructor(name: string, help: string, bounds: readonly number[], labelNames: readonly L[]) {
    super(name, "histogram", help, labelNames);
    this.#bounds = bounds;
  }

  *lines(): Generator<string> {
    for (const [labels, histogram] of this.series) {
      const figures = histogram.figures();
      if (figures.count === 0) continue;
      for (const [le, below] of buckets(figures)) yield `${this.name}_bucket{${le},${labels}} ${below}\n`;
      yield `${this.name}_sum{${labels}} ${figures.sum}\n`;
      yield `${this.name}_count{${labels}} ${figures.count}\n`;
    }
  }

  protected make(): Histogram {
    return new Histogram(this.#bounds);
  }
}

function labelText<L extends string>(names: readonly L[], labels: Labels<L>): string {
  return names.map((name) => `${name}="${escapeLabel(labels[name])}"`).join(",");
}
