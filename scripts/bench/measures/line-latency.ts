import { recordsOf, withRun, type Measure } from "../measure.ts";
import { distribution } from "../statistics.ts";

/** Four workers write a line every 10 ms: from the write(2) of the worker to the read(2) behind the manager. */
export const lineLatency: Measure = {
  name: "line-latency",
  title: "Latency of a line, idle farm",
  columns: [
    { key: "minUs", label: "min µs" },
    { key: "medianUs", label: "median µs", compare: true },
    { key: "p99Us", label: "p99 µs", compare: true },
    { key: "maxUs", label: "max µs" },
  ],
  takes: ({ output }) => output !== "inherited",
  run: async (place, manager, { factor }) => {
    const words = [200 * factor, 10_000];
    return await withRun(place, manager, { workers: 4, mode: "beat", words, reader: "sink" }, async (run) => {
      await run.letWrite();
      recordsOf(run).until("B", 4, 60_000);
      await Bun.sleep(300);
      const { count, min, median, p99, max } = distribution(run.latenciesUs());
      if (count === 0) throw new Error("no line came out");
      return { minUs: min, medianUs: median, p99Us: p99, maxUs: max };
    });
  },
};
