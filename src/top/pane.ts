import { formatDuration } from "../config/duration.ts";
import { clockTime, shortDuration } from "./figures.ts";
import { paint, span, type Span } from "./paint.ts";
import type { ScreenSize } from "./render.ts";
import { type Row, selectedRow } from "./rows.ts";
import type { TopState } from "./state.ts";
import type { TailLine } from "./tail.ts";
import { clean, widthOf } from "./text.ts";

/** The lower part: a line on what is selected, then the newest lines of its stream. */
export function paneLines(state: TopState, { columns, colour }: ScreenSize, room: number): readonly string[] {
  if (room < 1) return [];
  const row = selectedRow(state);
  const tail = state.tail.length === 0 && state.tailPath !== null ? [nothingYet] : state.tail;
  const lines = room === 1 ? [] : tail.slice(1 - room);
  const bySlot = state.pane === "events" || row?.worker === null;
  return [
    paint(title(state, row, columns), columns, colour),
    ...lines.map((line) => paint(tailSpans(line, bySlot), columns, colour)),
  ];
}

const nothingYet: TailLine = { at: null, from: "", text: " nothing yet", tone: "dim" };

function title(state: TopState, row: Row | null, columns: number): readonly Span[] {
  const facts = row === null ? [] : row.worker === null ? consumerFacts(row) : workerFacts(state, row.worker);
  const what = {
    log: `log of ${row === null ? "nothing" : nameOf(row)}`,
    events: "events",
    off: row === null ? "" : nameOf(row),
  };
  const text = clean([` ${what[state.pane]}`, ...(state.pane === "events" ? [] : facts)].join(" · "));
  return [span("──", "dim"), span(`${text} `), span("─".repeat(Math.max(0, columns - widthOf(text) - 3)), "dim")];
}

function nameOf({ consumer, worker }: Row): string {
  return worker === null ? consumer.consumer : `${consumer.consumer}:${worker.slot}`;
}

function consumerFacts({ consumer }: Row): readonly string[] {
  const { why, problem, queue_depth: depth, desired, allocated, target } = consumer;
  const sized = { file: "", autoscaler: "", person: "sized by hand" }[consumer.sized_by];
  return [
    problem ?? "",
    why ?? "",
    depth === null ? "" : `${depth} waiting`,
    desired === null ? "" : `wanted ${desired}, granted ${allocated ?? desired}, target ${target}`,
    sized,
    consumer.transports.join(", "),
  ].filter((each) => each !== "");
}

function workerFacts({ status }: TopState, worker: NonNullable<Row["worker"]>): readonly string[] {
  const nowMs = Date.parse(status?.started_at ?? "") + (status?.uptime_seconds ?? 0) * 1000;
  const { last_exit: exit, next_start_in_seconds: next, failures, in_flight: inFlight } = worker;
  const { failure_limit: limit, failure_window_seconds: windowSeconds } = worker;
  const flying = Object.entries(inFlight).filter(([, count]) => count > 0);
  return [
    next === null ? "" : `next start in ${shortDuration(Math.ceil(next))}`,
    exit === null ? "" : `last: ${exit.text}${ago(nowMs - Date.parse(exit.at))}`,
    failures === 0 ? "" : `failures ${failures} of ${limit} in ${formatDuration(windowSeconds * 1000)}`,
    ...flying.map(([transport, count]) => `${count} of ${transport} in hand`),
  ].filter((each) => each !== "");
}

const ago = (ms: number): string => (Number.isFinite(ms) ? ` ${shortDuration(ms / 1000)} ago` : "");

function tailSpans({ at, from, text, tone }: TailLine, bySlot: boolean): readonly Span[] {
  const time = at === null ? "" : `${clockTime(at)} `;
  return [span(time, "dim"), span(bySlot && from !== "" ? `${from} ` : "", "accent"), span(text, tone)];
}
