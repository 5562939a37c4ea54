import { recordsOf, withRun, type Measure } from "../measure.ts";
import { nowNs } from "../kernel.ts";
import { isAlive, rssKb } from "../processes.ts";
import type { Run } from "../run.ts";

/** Nobody reads the manager's stdout and four workers go on writing: does it grow, restart a killed worker, end when told to? */
export const stall: Measure = {
  name: "stall",
  title: "Nobody reads stdout",
  columns: [
    { key: "growthMb", label: "growth MB/s", digits: 1 },
    { key: "restartMs", label: "restart of a killed worker ms", digits: 1, compare: true },
    { key: "endMs", label: "TERM to its end ms", compare: true },
  ],
  takes: ({ output }) => output !== "inherited",
  run: async (place, manager) => {
    const words = [1_000_000_000, "json"];
    return await withRun(place, manager, { workers: 4, mode: "flood", words, reader: "stalled" }, async (run) => {
      await run.letWrite();
      await Bun.sleep(1000);
      const { own, workers } = run.processes();
      const [before, beforeNs] = [rssKb(own), nowNs()];
      await Bun.sleep(2000);
      const growthMb = (rssKb(own) - before) / 1024 / ((nowNs() - beforeNs) / 1e9);
      const killedNs = nowNs();
      process.kill(workers[0] ?? 0, "SIGKILL");
      const born = recordsOf(run)
        .until("S", 1, 3000)
        .find(({ kind }) => kind === "S");
      const endMs = await untilEnded(run, own);
      if (born === undefined)
        throw new Error(
          `no restart in 3 s, ${endMs === null ? "still there 3 s after TERM" : "though it obeyed TERM"}`,
        );
      return { growthMb, restartMs: (born.atNs - killedNs) / 1e6, ...(endMs === null ? {} : { endMs }) };
    });
  },
};

/** Milliseconds from TERM until the manager is gone; null when it is still there 3 s later. */
async function untilEnded(run: Run, own: readonly number[]): Promise<number | null> {
  const orderedNs = nowNs();
  run.stop();
  for (const endNs = orderedNs + 3e9; nowNs() < endNs; await Bun.sleep(1))
    if (!own.some(isAlive)) return (nowNs() - orderedNs) / 1e6;
  return null;
}
