/** One question about a farm, and the queries that answer it. */
export interface Panel {
  readonly title: string;
  /** The question, shown as the panel's description. */
  readonly answers: string;
  /** A number of now (the default), or lines over time, or the latter stacked. */
  readonly shows?: "number" | "lines" | "stack";
  readonly queries: readonly Query[];
  /** As Grafana names it. */
  readonly unit?: Unit;
  /** From which value on which colour; green below. */
  readonly thresholds?: readonly Threshold[];
  /** What a farm must have for this panel not to be empty. */
  readonly needs?: string;
}

export interface Query {
  /** PromQL. */
  readonly expr: string;
  /** What the line is called; labels in double braces. */
  readonly legend?: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Threshold {
  readonly from: number;
  readonly color: "green" | "yellow" | "orange" | "red";
}

export type Unit = "short" | "percentunit" | "s" | "bytes" | "Bps" | "ops" | "cpm" | "none";

/** Label matchers of what is selected at the top of the dashboard: whole farms, and consumers of them. */
export const farm = 'instance=~"$instance"';
export const pool = `${farm},consumer=~"$consumer"`;

/** Matchers of one transport in them, and of one class of message. */
export const transport = `${pool},transport=~"$transport"`;
export const messageClass = `${farm},transport=~"$transport",message_class=~"$message_class"`;

/** Keeps of series that know no consumer those of the transports that the selected consumers read. */
export function read(vector: string): string {
  return `${vector} and on (job, instance, transport) messages_processed_total{${transport}}`;
}

/** Events a second, over a window that suits the resolution. */
export function rate(selector: string): string {
  return `rate(${selector}[$__rate_interval])`;
}

/** Keeps of the metrics that many programs have those of pm itself. */
export function own(vector: string): string {
  return `${vector} and on (job, instance) pm_build_info{${farm}}`;
}
