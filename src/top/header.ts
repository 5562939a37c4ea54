import { shortBytes, shortDuration, shortNumber } from "./figures.ts";
import { cpuPercent } from "./gauges.ts";
import { type Span, span } from "./paint.ts";
import type { ScreenSize } from "./render.ts";
import type { TopState } from "./state.ts";
import { clean, clipStart, widthOf } from "./text.ts";

/** So long without an answer is worth saying. */
const silentMs = 3000;

/** Two lines on the whole farm; one where rows are few. */
export function header(state: TopState, { columns, rows }: ScreenSize): readonly (readonly Span[])[] {
  const { status, link } = state;
  if (status === null) return [[span("pm", "bold"), span("  waiting for pm", "dim")]];
  const where = [span("pm", "bold"), span(` ${clean(status.version)}`), ...phase(state)];
  const room = columns - where.reduce((sum, { text }) => sum + widthOf(text), 0) - 2;
  const file = span(`  ${clipStart(clean(status.file), room)}`, "dim");
  const first = room < 8 ? where : [...where, file];
  if (link === "gone" || (rows < 14 && silence(state) !== null)) return rows < 14 ? [first] : [first, figures(state)];
  return rows < 14 ? [[span("pm", "bold"), span("  "), ...figures(state)]] : [first, figures(state)];
}

function phase(state: TopState): readonly Span[] {
  const { link, status } = state;
  if (status === null) return [];
  if (link === "gone") return [span("  pm has ended", "bad"), span("; waiting for it to come back")];
  const silent = silence(state);
  if (silent !== null) return [span(`  no answer for ${shortDuration(silent)}`, "bad")];
  const up = span(`  up ${shortDuration(status.uptime_seconds)}`);
  return [span(`  ${status.phase}`, status.phase === "running" ? "good" : "warn"), up];
}

/** Seconds without an answer; null while that is nothing special. */
function silence({ atMs, answeredAtMs }: TopState): number | null {
  return atMs - answeredAtMs < silentMs ? null : (atMs - answeredAtMs) / 1000;
}

function figures({ status, gauges }: TopState): readonly Span[] {
  if (status === null) return [];
  const { consumers, total_cap: cap, rss_bytes: ownRss } = status;
  const ready = total(consumers.map((each) => each.ready));
  const target = total(consumers.map((each) => each.target));
  const workers = consumers.flatMap((each) => each.workers);
  const cpu = cpuPercent(
    gauges,
    workers.map(({ pid }) => pid),
  );
  const own = cpuPercent(gauges, [status.pid]);
  const facts = [
    `${total(consumers.map(({ busy }) => busy))} busy`,
    ...(cap === null ? [] : [`cap ${cap}`]),
    ...(cpu === null ? [] : [`CPU ${shortNumber(cpu)}%`]),
    shortBytes(total(workers.map(({ rss_bytes: rss }) => rss ?? 0))),
    ...(own === null || ownRss === null ? [] : [`pm itself ${shortNumber(own)}% ${shortBytes(ownRss)}`]),
  ];
  const source = status.source?.state === "failing" ? [span("  source failing", "bad")] : [];
  return [
    span(`${ready}/${target} ready`, ready < target ? "warn" : "plain"),
    ...source,
    span(`  ${facts.join("  ")}`),
  ];
}

const total = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0);
