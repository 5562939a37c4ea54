import { commandTimesMs, httpAddress, requestTimesMs } from "../farm-http.ts";
import { nowNs } from "../kernel.ts";
import { subject } from "../managers.ts";
import { recordsOf, withRun, type Measure } from "../measure.ts";
import { quantile } from "../statistics.ts";

/** A farm of one is scaled up at once while it is asked over HTTP without a pause: its longest answer bounds how long it was held. */
export function eventLoopHold(workers: number): Measure {
  return {
    name: `event-loop-hold-${workers}`,
    title: `pm scale to ${workers.toLocaleString("en-US")}, asked meanwhile`,
    columns: [
      { key: "longestMs", label: "longest answer ms", digits: 1, compare: true },
      { key: "beforeMs", label: "before, idle ms", digits: 1 },
      { key: "startsPerSecond", label: "starts/s" },
    ],
    takes: ({ name }) => name === subject,
    run: async (place, manager) =>
      await withRun(place, manager, { workers: 1, mode: "wait" }, async (run) => {
        run.untilStarted();
        const url = `${await httpAddress(run)}/livez`;
        const before = (await requestTimesMs(url, 300)).slice(50);
        const command = [
          manager.program ?? "",
          "scale",
          "w",
          String(workers),
          "--no-wait",
          "--socket",
          run.path("pm.sock"),
        ];
        const scaled = commandTimesMs(command, 1);
        const startsNs: number[] = [];
        const times: number[] = [];
        for (const endNs = nowNs() + 60e9; startsNs.length < workers - 1 && nowNs() < endNs;) {
          times.push(...(await requestTimesMs(url, 1)));
          startsNs.push(...(recordsOf(run).next(0) ?? []).filter(({ kind }) => kind === "S").map(({ atNs }) => atNs));
        }
        await scaled;
        if (startsNs.length < workers - 1) throw new Error(`only ${startsNs.length} workers started in 60 s`);
        const seconds = (Math.max(...startsNs) - Math.min(...startsNs)) / 1e9;
        return {
          longestMs: quantile(times, 1),
          beforeMs: quantile(before, 1),
          startsPerSecond: (startsNs.length - 1) / seconds,
        };
      }),
  };
}
