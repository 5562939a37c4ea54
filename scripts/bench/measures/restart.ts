import { recordsOf, withRun, type Measure } from "../measure.ts";
import { nowNs, waitReadable } from "../kernel.ts";
import type { Run } from "../run.ts";
import { distribution } from "../statistics.ts";

/** One worker at a time of an idle fleet is told to end: from its end to the first instruction of its successor. */
export function restart(workers: number): Measure {
  return {
    name: `restart-${workers}`,
    title: `Restart in an idle fleet of ${workers.toLocaleString("en-US")}`,
    columns: [
      { key: "count", label: "samples" },
      { key: "minUs", label: "min µs" },
      { key: "medianUs", label: "median µs", compare: true },
      { key: "p99Us", label: "p99 µs" },
    ],
    takes: ({ throttleMs }) => throttleMs === 0 || workers <= 50,
    run: async (place, manager, { factor }) =>
      await withRun(place, manager, { workers, mode: "wait" }, (run) => {
        const old = run.untilStarted().map(({ pid }) => pid);
        pauseMs(Math.max(500, 1.3 * manager.throttleMs));
        const count = manager.throttleMs > 0 ? Math.min(workers, 40) : 150 * factor;
        const { min, median, p99 } = distribution(restartGapsUs(run, old, count));
        return { count, minUs: min, medianUs: median, p99Us: p99 };
      }),
  };
}

/**
 * Ends so many of the workers, the oldest first, each when the successor of the one before runs, and tells the microseconds of each
 * restart. Throws when a successor has not come within 10 s.
 */
export function restartGapsUs(run: Run, pids: readonly number[], count: number): readonly number[] {
  const alive = [...pids];
  const gaps: number[] = [];
  while (gaps.length < count) {
    pauseMs(1 + (gaps.length % 4));
    const pid = alive.shift() ?? 0;
    process.kill(pid, "SIGUSR1");
    const records = recordsOf(run).until("S", 1, 10_000);
    const ended = records.find((record) => record.kind === "E" && record.pid === pid);
    const started = records.find(({ kind }) => kind === "S");
    if (ended === undefined || started === undefined)
      throw new Error(`restart ${gaps.length + 1} did not come in 10 s`);
    gaps.push((started.atNs - ended.atNs) / 1000);
    alive.push(started.pid);
  }
  return gaps;
}

/** Lets this thread rest without a timer of Bun. */
function pauseMs(ms: number): void {
  const end = nowNs() + ms * 1e6;
  for (let left = ms; left > 0; left = (end - nowNs()) / 1e6) waitReadable(-1, left);
}
