import { httpAddress, requestTimesMs, whileFetched } from "../farm-http.ts";
import { subject } from "../managers.ts";
import { recordsOf, withRun, type Measure } from "../measure.ts";
import { schedule } from "../processes.ts";
import { distribution } from "../statistics.ts";
import { restartGapsUs } from "./restart.ts";

/** GET /metrics of 500 workers, and what restarts feel of it. */
export const metricsPage: Measure = {
  name: "metrics-page",
  title: "/metrics of 500 workers",
  columns: [
    { key: "pageMs", label: "page ms", digits: 1, compare: true },
    { key: "p99Ms", label: "p99 ms", digits: 1 },
    { key: "cpuMs", label: "CPU ms a page", digits: 1 },
    { key: "quietUs", label: "restart median µs, unread" },
    { key: "readUs", label: "read every 10 ms" },
    { key: "quietP99Us", label: "restart p99 µs, unread" },
    { key: "readP99Us", label: "read every 10 ms" },
  ],
  takes: ({ name }) => name === subject,
  run: async (place, manager, { factor }) =>
    await withRun(place, manager, { workers: 500, mode: "wait" }, async (run) => {
      const pids = run.untilStarted().map(({ pid }) => pid);
      const url = `${await httpAddress(run)}/metrics`;
      const { own } = run.processes();
      await requestTimesMs(url, 5); // the first ones are compiled
      const cpuBefore = schedule(own).cpuMs;
      const page = distribution(await requestTimesMs(url, 30 * factor));
      const cpuMs = (schedule(own).cpuMs - cpuBefore) / page.count;
      const [first, second] = [pids.slice(0, 250), pids.slice(250)];
      const quiet = distribution(restartGapsUs(run, first, 150 * factor));
      const read = distribution(await whileFetched(url, () => restartGapsUs(run, second, 150 * factor)));
      const restarts = { quietUs: quiet.median, readUs: read.median, quietP99Us: quiet.p99, readP99Us: read.p99 };
      return { pageMs: page.median, p99Ms: page.p99, cpuMs, ...restarts };
    }),
};

/** 500 workers write a line a second each; how late lines are, with /metrics read meanwhile and without. */
export const metricsPageLines: Measure = {
  name: "metrics-page-lines",
  title: "Latency of a line of 500 workers beside /metrics",
  columns: [
    { key: "quietUs", label: "median µs, unread" },
    { key: "readUs", label: "read every 10 ms" },
    { key: "quietP99Us", label: "p99 µs, unread" },
    { key: "readP99Us", label: "read every 10 ms" },
  ],
  takes: ({ name }) => name === subject,
  run: async (place, manager, { factor }) => {
    const seconds = 3 * factor;
    const words = [2 * seconds, 1_000_000];
    return await withRun(place, manager, { workers: 500, mode: "beat", words, reader: "sink" }, async (run) => {
      await run.letWrite();
      const url = `${await httpAddress(run)}/metrics`;
      await Bun.sleep(seconds * 1000);
      const before = run.latenciesUs();
      const all = await whileFetched(url, () => {
        recordsOf(run).until("B", 500, 60_000);
        return run.latenciesUs();
      });
      const [quiet, read] = [distribution(before), distribution(all.slice(before.length))];
      return { quietUs: quiet.median, readUs: read.median, quietP99Us: quiet.p99, readP99Us: read.p99 };
    });
  },
};
