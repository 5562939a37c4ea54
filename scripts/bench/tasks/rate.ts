import { join } from "node:path";
import { type BenchFarm, workers } from "./bench-farm.ts";
import { figuresOf, table } from "./figures.ts";

const [tasks, underWay, rounds] = [100_000, 1_000, 3];

/** Tasks a second of `pm map`, from the first line in to the last one out. */
export async function mapRate(
  farm: BenchFarm,
  count: number,
  seen: (answered: number) => void = () => {},
): Promise<number> {
  const map = farm.map("node");
  const startMs = performance.now();
  const feed = (async () => {
    for (let from = 0; from < count; from += 1_000) {
      const size = Math.min(1_000, count - from);
      void map.stdin.write(Array.from({ length: size }, (_, at) => `${from + at}\n`).join(""));
      await map.stdin.flush();
    }
    await map.stdin.end();
  })();
  let answered = 0;
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of map.stdout) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (Number(line) !== answered * 2) throw new Error(`line ${answered + 1} is ${line}`);
      answered += 1;
    }
    seen(answered);
  }
  await feed;
  if (answered !== count || (await map.exited) !== 0) throw new Error(`${answered} of ${count} answers`);
  return count / ((performance.now() - startMs) / 1000);
}

async function peerRate(peer: string): Promise<number> {
  const script = join(import.meta.dir, "peers.mjs");
  const child = Bun.spawn(["node", script, peer, String(tasks), String(workers), String(underWay)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return Number(await new Response(child.stdout).text());
}

/** Tasks a second with the same handler and as many workers, in turns. */
export async function rateTable(farm: BenchFarm): Promise<readonly string[]> {
  const ways: Readonly<Record<string, () => Promise<number>>> = {
    "pm map, warm jsonl workers": () => mapRate(farm, tasks),
    "workerpool, processes": () => peerRate("workerpool"),
    "piscina, threads": () => peerRate("piscina"),
  };
  const rates = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(ways)) rates.get(name)?.push(await measure());
  }
  const own = figuresOf(rates.values().next().value ?? []).median;
  const rows = [...rates].map(([name, values]) => {
    const { median, min, max } = figuresOf(values);
    const cells = [median, min, max].map((rate) => Math.round(rate).toLocaleString("en"));
    return [name].concat(cells, `${(own / median).toFixed(1)}×`);
  });
  return table(["tasks a second", "median", "min", "max", "pm ÷ this"], rows);
}
