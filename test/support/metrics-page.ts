/** One scrape of `/metrics`. */
export class MetricsPage {
  readonly text: string;
  readonly #series: ReadonlyMap<string, number>;

  constructor(text: string) {
    this.text = text;
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    this.#series = new Map(samples.map((line) => [line.replace(/ \S+$/u, ""), Number(line.replace(/^.* /u, ""))]));
  }

  /** The value of a series by its full text, as `worker_starts_total{consumer="a"}`; null when there is none. */
  value(series: string): number | null {
    return this.#series.get(series) ?? null;
  }

  /** The sum over all series of a metric that have these labels, each as `consumer="a"`; 0 when there is none. */
  sum(metric: string, ...labels: readonly string[]): number {
    return [...this.#series]
      .filter(([series]) => series.replace(/\{.*/u, "") === metric && labels.every((label) => series.includes(label)))
      .reduce((sum, [, value]) => sum + value, 0);
  }

  /** Names of all metrics that are declared, with series or without. */
  names(): string[] {
    return [...this.text.matchAll(/^# TYPE (\S+) /gmu)].map(([, name]) => name ?? "");
  }
}
