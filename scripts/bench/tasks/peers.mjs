// One peer over so many tasks: `node peers.mjs workerpool|piscina TASKS WORKERS UNDER_WAY`. Prints tasks a second; every answer is checked.
import { fileURLToPath } from "node:url";

const [, , peer, tasks, workers, underWay] = process.argv;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

async function open(size) {
  if (peer === "workerpool") {
    const { default: workerpool } = await import("workerpool");
    const options = { workerType: "process", minWorkers: size, maxWorkers: size };
    const pool = workerpool.pool(here("workerpool-worker.mjs"), options);
    return { run: (value) => pool.exec("double", [value]), close: () => pool.terminate() };
  }
  const { Piscina } = await import("piscina");
  const pool = new Piscina({ filename: here("handler.mjs"), minThreads: size, maxThreads: size });
  return { run: (value) => pool.run(value), close: () => pool.destroy() };
}

const pool = await open(Number(workers));
await Promise.all(Array.from({ length: Number(workers) }, (_, value) => pool.run(value)));
let next = 0;
const lane = async () => {
  while (next < Number(tasks)) {
    const value = next++;
    if ((await pool.run(value)) !== value * 2) throw new Error(`wrong answer for ${value}`);
  }
};
const start = performance.now();
await Promise.all(Array.from({ length: Number(underWay) }, lane));
console.log(Number(tasks) / ((performance.now() - start) / 1000));
await pool.close();
