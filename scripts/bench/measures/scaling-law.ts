import { httpAddress, requestTimesMs } from "../farm-http.ts";
import { subject } from "../managers.ts";
import { withRun, type Measure } from "../measure.ts";
import { pssKb } from "../processes.ts";
import { median, type Figures } from "../statistics.ts";
import { idleCost, startRate } from "./fleet.ts";
import { logLines } from "./log-lines.ts";
import { restartGapsUs } from "./restart.ts";

/** How many workers the laws are looked at with. */
export const lawSizes = [1, 10, 100, 500, 1000, 2000] as const;

/** What a worker and a line cost in a farm of this size. */
export function scalingLaw(workers: number): Measure {
  return {
    name: `scaling-law-${workers}`,
    title: `${workers.toLocaleString("en-US")} ${workers === 1 ? "worker" : "workers"}`,
    columns: [
      { key: "pssMb", label: "PSS MB", digits: 1 },
      { key: "startUs", label: "µs a start" },
      { key: "restartUs", label: "restart µs" },
      { key: "idleCpuMs", label: "idle CPU ms/s", digits: 2 },
      { key: "lineNs", label: "CPU ns a line" },
      { key: "pageUs", label: "/metrics µs a worker", digits: 1 },
      { key: "statusUs", label: "status µs a worker", digits: 1 },
    ],
    takes: ({ throttleMs, output }) => throttleMs === 0 && output !== "inherited",
    run: async (place, manager, lengths) => {
      const atRest = await withRun(place, manager, { workers, mode: "wait" }, async (run) => {
        const started = run.untilStarted();
        await Bun.sleep(1000);
        const { own } = run.processes();
        const figures: Figures = {
          pssMb: pssKb(own) / 1024,
          ...(workers === 1 ? {} : { startUs: 1e6 / startRate(started.map(({ atNs }) => atNs)) }),
          ...(await idleCost(own, lengths.factor)),
        };
        const pids = started.map(({ pid }) => pid);
        const restartUs = median(restartGapsUs(run, pids, 60 * lengths.factor));
        return { ...figures, restartUs, ...(manager.name === subject ? await asked(run, workers) : {}) };
      });
      const {
        cpuPerGb = 0,
        mbPerSecond = 0,
        klinesPerSecond = 0,
      } = await logLines(workers, "json").run(place, manager, lengths);
      return { ...atRest, lineNs: (cpuPerGb * mbPerSecond * 1000) / klinesPerSecond };
    },
  };
}

/** What each worker adds to the pages that tell of all. */
async function asked(run: Parameters<typeof httpAddress>[0], workers: number): Promise<Figures> {
  const pageMs = median(await requestTimesMs(`${await httpAddress(run)}/metrics`, 10));
  const times: number[] = [];
  for (let at = 0; at < 10; at++) {
    const startedMs = performance.now();
    await (await fetch("http://pm/v1/status", { unix: run.path("pm.sock") })).arrayBuffer();
    times.push(performance.now() - startedMs);
  }
  return { pageUs: (pageMs * 1000) / workers, statusUs: (median(times) * 1000) / workers };
}
