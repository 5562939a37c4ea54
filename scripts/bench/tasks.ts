/**
 * Tasks on warm workers, beside what people do otherwise; every answer is checked.
 *
 *     bun scripts/bench/tasks.ts [jobs|rate|flat|trip …]      default: all; needs dist/pm (or PM_BINARY), node, php and php-cgi
 *
 * - jobs: Fervo's table. 1,000 jobs of PHP that sleep a millisecond: warm jsonl, warm FastCGI, one process a job.
 * - rate: tasks a second of `pm map` on warm Node workers, beside workerpool (processes) and piscina (threads) with the same handler.
 * - flat: memory of `pm serve` and `pm map` over 1,000,000 tasks.
 * - trip: one task after the other, beside a bare pipe to the same worker.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BenchFarm } from "./tasks/bench-farm.ts";
import { flatTable } from "./tasks/flat.ts";
import { jobsTable } from "./tasks/jobs.ts";
import { rateTable } from "./tasks/rate.ts";
import { tripTable } from "./tasks/trip.ts";

const tables = { jobs: jobsTable, rate: rateTable, flat: flatTable, trip: tripTable };
type Name = keyof typeof tables;

const isName = (word: string): word is Name => Object.hasOwn(tables, word);
const asked = process.argv.slice(2).filter(isName);
const folder = mkdtempSync(join(tmpdir(), "pm-bench-"));
const farm = await BenchFarm.start(folder);
try {
  for (const name of asked.length === 0 ? Object.keys(tables).filter(isName) : asked) {
    console.log(`\n## ${name}\n`);
    for (const line of await tables[name](farm)) console.log(line);
  }
} finally {
  await farm.stop();
  rmSync(folder, { recursive: true, force: true });
}
