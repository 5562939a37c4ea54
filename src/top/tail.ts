import { clean } from "./text.ts";
import { selectedRow } from "./rows.ts";
import type { TopState } from "./state.ts";

/** A line of the lower pane; all texts are clean. */
export interface TailLine {
  /** ISO 8601; null for a line of our own. */
  readonly at: string | null;
  /** Who wrote it or did it. */
  readonly from: string;
  readonly text: string;
  readonly tone: "plain" | "warn" | "bad" | "dim";
}

/** Lines that are kept of a stream. */
export const tailLength = 300;

/** So much of a line is looked at. */
const maxTextLength = 4096;

/** The stream that the lower pane shows; null when it shows none. */
export function tailPathOf(state: TopState): string | null {
  if (state.pane === "events") return `/v1/events?n=${tailLength}&follow=1`;
  const row = selectedRow(state);
  if (state.pane === "off" || row === null) return null;
  const worker = row.worker === null ? "" : `&worker=${row.worker.worker}`;
  return `/v1/logs?consumer=${encodeURIComponent(row.consumer.consumer.toWellFormed())}${worker}&n=${tailLength}&follow=1`;
}

/** A document of either stream as a line; null for what is neither. */
export function toTailLine(document: unknown): TailLine | null {
  if (typeof document !== "object" || document === null) return null;
  const at = "at" in document && typeof document.at === "string" ? document.at : null;
  if ("lost" in document) return { at, from: "", text: `${String(document.lost)} lines lost here`, tone: "warn" };
  if ("text" in document && typeof document.text === "string") {
    const from = "slot" in document ? String(document.slot) : "";
    return { at, from, text: shown(document.text), tone: toneOf(document) };
  }
  if (!("message" in document) || typeof document.message !== "string") return null;
  const subject = "consumer" in document && typeof document.consumer === "string" ? `${document.consumer}: ` : "";
  const why = "why" in document && typeof document.why === "string" ? ` (${document.why})` : "";
  const who = "who" in document ? String(document.who) : "";
  return { at, from: clean(who), text: shown(`${subject}${document.message}${why}`), tone: "plain" };
}

const shown = (text: string): string => clean(text.slice(0, maxTextLength));

/** By the line's own level, or else by its stream. */
function toneOf(document: object): TailLine["tone"] {
  const level = "level" in document ? document.level : null;
  if (level === "error") return "bad";
  if (level === "debug") return "dim";
  const stderr = "stream" in document && document.stream === "stderr" && level === null;
  return level === "warning" || stderr ? "warn" : "plain";
}
