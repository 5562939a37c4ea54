import { escapeLabel, type Family, family, texts } from "./metric-text.ts";
import type { OwnUsage } from "./own-usage.ts";

/** What pm itself is and uses, as pieces of the page. */
export function renderOwnMetrics(usage: OwnUsage, version: string, bunVersion: string): Generator<string> {
  const build = family("pm_build_info", "gauge", "Always 1; the labels tell what runs.");
  build.add(`version="${escapeLabel(version)}",bun="${escapeLabel(bunVersion)}"`, 1);
  return texts([
    build,
    one("process_cpu_seconds_total", "counter", "User and system time of pm itself.", usage.cpuSeconds),
    one("process_resident_memory_bytes", "gauge", "Resident memory of pm itself.", usage.rssBytes),
    one("process_open_fds", "gauge", "File descriptors pm has open.", usage.openFds),
    one("process_max_fds", "gauge", "Most file descriptors pm may have open.", usage.maxFds),
    one("process_start_time_seconds", "gauge", "When pm was started, in epoch seconds.", usage.startedEpochSeconds),
  ]);
}

/** A metric of one series; of none when nobody can tell. */
function one(name: string, type: "gauge" | "counter", help: string, value: number | null): Family {
  const metric = family(name, type, help);
  if (value !== null) metric.add("", value);
  return metric;
}
