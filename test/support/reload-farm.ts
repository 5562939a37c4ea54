import { readFileSync } from "node:fs";
import type { ConsumerText } from "./farm-file.ts";
import { until } from "./proc.ts";
import type { SteeredPm } from "./steered-pm.ts";

/** Stays until it is told to stop. */
export const steady: ConsumerText = { command: ["sleep", "1000"], min_uptime: "50ms" };

/** A consumer of the autoscaler. */
export const scaling = (min: number, max: number, target = 0.7): ConsumerText => ({
  ...steady,
  autoscaler: { min, max, strategy: { type: "utilization", target } },
});

/** Two of them. */
export const pair = { ...steady, processes: 2 };
/** Four workers. */
export const base = { pair, one: steady, scaled: scaling(1, 3) };

/** Pids of each consumer. */
export type Pids = Readonly<Record<string, readonly (number | null)[]>>;

/** The pids of every consumer, in the order of their slots. */
export async function allPids(pm: SteeredPm): Promise<Pids> {
  const { consumers } = await pm.status();
  return Object.fromEntries(consumers.map(({ consumer, workers }) => [consumer, workers.map(({ pid }) => pid)]));
}

/** How many of the processes of each consumer are the same as before. */
export function kept(before: Pids, after: Pids): Record<string, string> {
  return Object.fromEntries(
    Object.entries(after).map(([name, pids]) => {
      const same = pids.filter((pid) => pid !== null && before[name]?.includes(pid)).length;
      return [name, `${same} of ${pids.length}`];
    }),
  );
}

/** What `kept` says of them when nobody was restarted. */
export const untouched = { pair: "2 of 2", one: "1 of 1", scaled: "1 of 1" };

/** Resolves when the command line (or the environment) of all these processes holds the text; a fresh process shows its own a moment late. */
export function allRunWith(
  text: string,
  pids: readonly (number | null)[] = [],
  where: "cmdline" | "environ" = "cmdline",
): Promise<void> {
  return until(() => pids.every((pid) => readFileSync(`/proc/${pid}/${where}`, "latin1").includes(text)));
}
