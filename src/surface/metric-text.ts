/** One metric as text of the page: its head, and its series as they are added. */
export interface Family {
  /** `labels` as they stand between the braces. */
  add(labels: string, value: number): void;
  /** Another series of the same metric, such as `_sum`. */
  addTo(suffix: string, labels: string, value: number): void;
  text(): string;
}

/** Begins a metric without series. */
export function family(name: string, type: "gauge" | "counter" | "histogram", help: string): Family {
  const lines = [`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`];
  const addTo = (suffix: string, labels: string, value: number): void => {
    lines.push(`${name}${suffix}{${labels}} ${value}\n`);
  };
  return { add: (labels, value) => addTo("", labels, value), addTo, text: () => lines.join("") };
}

/** The value of a label, for between its quotes. */
export function escapeLabel(text: string): string {
  return /["\\\n]/u.test(text) ? text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"') : text;
}
