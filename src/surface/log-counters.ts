import { Counter, type Registry } from "./prometheus.ts";
import type { LogCounter } from "../output/counters.ts";

/** What the workers of these consumers write, filled from totals that others keep. */
export function createLogCounters(
  registry: Registry,
  consumers: ReadonlySet<string>,
): { fill(totals: readonly LogCounter[]): void } {
  const counter = (name: string, help: string): Counter<"consumer" | "stream"> =>
    new Counter({ name, help, labelNames: ["consumer", "stream"], registers: [registry] });

  const lines = counter("pm_log_lines_total", "Lines the workers wrote.");
  const bytes = counter("pm_log_bytes_total", "Bytes the workers wrote.");
  const dropped = counter("pm_log_dropped_lines_total", "Lines left out because nobody read pm's own output.");
  const truncated = counter("pm_log_truncated_lines_total", "Lines that were cut because they were too long.");

  return {
    fill(totals) {
      for (const each of [lines, bytes, dropped, truncated]) {
        each.reset();
        for (const consumer of consumers) {
          for (const stream of ["stdout", "stderr"]) each.inc({ consumer, stream }, 0);
        }
      }
      for (const { consumer, stream, ...total } of totals) {
        if (!consumers.has(consumer)) continue;
        lines.inc({ consumer, stream }, total.lines);
        bytes.inc({ consumer, stream }, total.bytes);
        dropped.inc({ consumer, stream }, total.droppedLines);
        truncated.inc({ consumer, stream }, total.truncatedLines);
      }
    },
  };
}
