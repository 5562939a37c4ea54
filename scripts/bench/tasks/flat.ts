import { type BenchFarm, residentMib } from "./bench-farm.ts";
import { figuresOf, table } from "./figures.ts";
import { mapRate } from "./rate.ts";

const tasks = 1_000_000;
const parts = 10;

/** Memory of the pm that serves while a million tasks go through it: the highest in each tenth of them. */
export async function flatTable(farm: BenchFarm): Promise<readonly string[]> {
  const peaks: number[] = Array.from({ length: parts }, () => 0);
  const rate = await mapRate(farm, tasks, (answered) => {
    const part = Math.min(parts - 1, Math.floor((answered / tasks) * parts));
    peaks[part] = Math.max(peaks[part] ?? 0, residentMib(farm.pid));
  });
  const { min, max } = figuresOf(peaks);
  return [
    ...table(
      ["1,000,000 tasks", "tasks a second", "highest RSS, MiB, in each tenth"],
      [["pm serve", Math.round(rate).toLocaleString("en"), peaks.map((mib) => mib.toFixed(0)).join(" ")]],
    ),
    `from ${min.toFixed(0)} to ${max.toFixed(0)} MiB`,
  ];
}
