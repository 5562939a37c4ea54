import { join } from "node:path";
import { type BenchFarm, workers } from "./bench-farm.ts";
import { figuresOf, table } from "./figures.ts";

const jobs = 1_000;

type Way = (job: number) => Promise<unknown>;

/** Milliseconds of each job, from handing it in to its answer; as many under way as there are workers. */
async function measure(way: Way): Promise<readonly number[]> {
  const times: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < jobs) {
      const job = next++;
      const startMs = performance.now();
      const answer = await way(job);
      times.push(performance.now() - startMs);
      if (answer !== job) throw new Error(`job ${job}: ${JSON.stringify(answer)}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, lane));
  return times;
}

async function processEach(job: number): Promise<unknown> {
  const child = Bun.spawn(["php", join(import.meta.dir, "job.php"), String(job)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await new Response(child.stdout).text();
  const { result }: { result: unknown } = JSON.parse(said.slice(said.indexOf("{")));
  return result;
}

/** 1,000 jobs in PHP that sleep a millisecond. */
export async function jobsTable(farm: BenchFarm): Promise<readonly string[]> {
  const ways: readonly (readonly [string, Way])[] = [
    ["warm, jsonl", (job) => farm.task("php", job)],
    ["warm, FastCGI", (job) => farm.task("fastcgi", job)],
    ["one process a job", processEach],
  ];
  const measured: { name: string; times: readonly number[] }[] = [];
  for (const [name, way] of ways) measured.push({ name, times: await measure(way) });
  const cold = figuresOf(measured.at(-1)?.times ?? []).median;
  const rows = measured.map(({ name, times }) => {
    const { mean, median, min, max, deviation } = figuresOf(times);
    const cells = [mean, median, min, max, deviation].map((ms) => ms.toFixed(2));
    return [name].concat(cells, `${(cold / median).toFixed(1)}×`);
  });
  return table(["1,000 jobs, ms", "mean", "median", "min", "max", "deviation", "faster at the median"], rows);
}
