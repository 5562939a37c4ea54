import type { LogCounter } from "../output/counters.ts";
import { escapeLabel, family, texts } from "./metric-text.ts";

/** What the workers of these consumers wrote since the start, as pieces of the page; 0 where the totals do not tell. */
export function* renderLogCounters(totals: readonly LogCounter[], consumers: ReadonlySet<string>): Generator<string> {
  const lines = family("pm_log_lines_total", "counter", "Lines the workers wrote.");
  const bytes = family("pm_log_bytes_total", "counter", "Bytes the workers wrote.");
  const dropped = family(
    "pm_log_dropped_lines_total",
    "counter",
    "Lines left out because nobody read pm's own output.",
  );
  const truncated = family(
    "pm_log_truncated_lines_total",
    "counter",
    "Lines that were cut because they were too long.",
  );

  const told = new Map(totals.map((each) => [`${each.stream} ${each.consumer}`, each]));
  for (const consumer of consumers) {
    for (const stream of ["stdout", "stderr"]) {
      const labels = `consumer="${escapeLabel(consumer)}",stream="${stream}"`;
      const total = told.get(`${stream} ${consumer}`);
      lines.add(labels, total?.lines ?? 0);
      bytes.add(labels, total?.bytes ?? 0);
      dropped.add(labels, total?.droppedLines ?? 0);
      truncated.add(labels, total?.truncatedLines ?? 0);
    }
    yield "";
  }
  yield* texts([lines, bytes, dropped, truncated]);
}
