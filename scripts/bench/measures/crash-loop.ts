import { withRun, type Measure } from "../measure.ts";
import { cpuSeconds } from "../processes.ts";
import { restartGapsUs } from "../records.ts";
import { distribution } from "../statistics.ts";

/** One worker that ends at once: from its end to the first instruction of the next. */
export const crashLoop: Measure = {
  name: "crash-loop",
  title: "Crash loop, from an end to the next first instruction",
  columns: [
    { key: "perSecond", label: "restarts/s" },
    { key: "minUs", label: "min µs" },
    { key: "medianUs", label: "median µs", compare: true },
    { key: "p99Us", label: "p99 µs", compare: true },
    { key: "cpuUs", label: "CPU µs a restart" },
  ],
  takes: ({ throttleMs }) => throttleMs === 0,
  run: async (place, manager, { factor }) =>
    await withRun(place, manager, { workers: 1, mode: "exit", records: "file" }, async (run) => {
      const seconds = 2 * factor;
      await Bun.sleep(500); // its start is another measure
      const before = run.written().length;
      const cpuBefore = cpuSeconds(run.processes().own);
      await Bun.sleep(seconds * 1000);
      const cpu = cpuSeconds(run.processes().own) - cpuBefore;
      const gaps = restartGapsUs(run.written().slice(before));
      if (gaps.length === 0) throw new Error(`no restart in ${seconds} s`);
      const { min, median, p99 } = distribution(gaps);
      const perSecond = gaps.length / seconds;
      return { perSecond, minUs: min, medianUs: median, p99Us: p99, cpuUs: (cpu / gaps.length) * 1e6 };
    }),
};
