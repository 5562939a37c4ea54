import { recordsOf, withRun, type Measure } from "../measure.ts";
import { nowNs } from "../kernel.ts";
import { isAlive, pssKb, schedule } from "../processes.ts";
import type { Run } from "../run.ts";
import type { Figures } from "../statistics.ts";

/** A fleet comes up, rests, and is told to end. */
export function fleet(workers: number): Measure {
  const isIdleShown = workers === 500;
  return {
    name: `fleet-${workers}`,
    title: workers === 0 ? "No workers" : `A fleet of ${workers.toLocaleString("en-US")}`,
    columns: [
      ...(workers === 0 ? [] : [{ key: "startsPerSecond", label: "starts/s", compare: true }]),
      { key: "pssMb", label: "PSS MB", digits: 1, compare: workers !== 500 },
      { key: "processes", label: "processes" },
      ...(isIdleShown
        ? [
            { key: "idleCpuMs", label: "idle CPU ms/s", digits: 2, compare: true },
            { key: "idleWakeUps", label: "wake-ups/s", digits: 1, compare: true },
          ]
        : []),
      ...(workers === 0 ? [] : [{ key: "stopMs", label: "TERM to all gone ms", digits: 1, compare: true }]),
    ],
    takes: () => true,
    run: async (place, manager, { factor }) =>
      await withRun(place, manager, { workers, mode: "wait" }, async (run) => {
        const started = run.untilStarted().map(({ atNs }) => atNs);
        await Bun.sleep(1500); // what a start leaves behind settles
        const { own } = run.processes();
        if (own.length === 0) throw new Error(`${manager.name} does not run`);
        return {
          pssMb: pssKb(own) / 1024,
          processes: own.length,
          ...(isIdleShown ? await idleCost(own, 3 * factor) : {}),
          ...(workers === 0 ? {} : { startsPerSecond: startRate(started), stopMs: await untilGone(run, own) }),
        };
      }),
  };
}

/** What processes use while nothing happens, on all their threads. */
export async function idleCost(pids: readonly number[], seconds: number): Promise<Figures> {
  const [before, beforeNs] = [schedule(pids), nowNs()];
  await Bun.sleep(seconds * 1000);
  const [after, passed] = [schedule(pids), (nowNs() - beforeNs) / 1e9];
  return {
    idleCpuMs: (after.cpuMs - before.cpuMs) / passed,
    idleWakeUps: (after.sleeps - before.sleeps) / passed,
  };
}

/** Starts a second, from the first to the last. */
export function startRate(startsNs: readonly number[]): number {
  return (startsNs.length - 1) / ((Math.max(...startsNs) - Math.min(...startsNs)) / 1e9);
}

/** Milliseconds from the order to end until the last worker and the last process of the manager have ended. */
async function untilGone(run: Run, own: readonly number[]): Promise<number> {
  recordsOf(run).letGo();
  const orderedNs = nowNs();
  run.stop();
  const endNs = orderedNs + 60e9;
  while (recordsOf(run).next((endNs - nowNs()) / 1e6) !== null)
    if (nowNs() > endNs) throw new Error("workers still run 60 s after the order to end");
  for (let left = own; left.length > 0; left = left.filter(isAlive)) {
    if (nowNs() > endNs) throw new Error(`${run.manager.name} still runs 60 s after the order to end`);
    await Bun.sleep(left.some(isAlive) ? 1 : 0);
  }
  return (nowNs() - orderedNs) / 1e6;
}
