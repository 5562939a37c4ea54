import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { fixture } from "../support/farm-file.ts";
import { TaskFarm, taskPool, type TaskLine } from "../support/task-farm.ts";

setDefaultTimeout(60_000);

const retries = 2;
const answering = ["ok", "garbage", "twice", "wrong"];
const dying = ["exit", "kill", "half"];
const failing = ["fail", "final"];

interface Task {
  readonly n: number;
  readonly fates: readonly string[];
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Tasks numbered from `first`, most of them harmless. */
function tasks(first: number, count: number, chance: () => number): Task[] {
  const one = (from: readonly string[]): string => from[Math.floor(chance() * from.length)] ?? "ok";
  const fate = (bad: number): string => {
    const drawn = chance();
    return drawn < bad ? one(dying) : drawn < 3 * bad ? one(failing) : drawn < 5 * bad ? one(answering) : "ok";
  };
  // What has gone wrong once is likely to do so again, so that some use up all their attempts.
  return Array.from({ length: count }, (_, at) => ({ n: first + at, fates: [fate(0.015), fate(0.15), fate(0.15)] }));
}

/** The attempts that are begun at such a task while nobody interferes, and what it is answered with. */
function course({ n, fates }: Task): { attempts: number; answer: TaskLine } {
  for (const [at, fate] of fates.entries()) {
    const attempts = at + 1;
    if (answering.includes(fate)) return { attempts, answer: { result: { n, attempt: attempts } } };
    if (fate !== "final" && at < retries) continue;
    const code = dying.includes(fate) ? "lost" : "failed";
    return { attempts, answer: { error: expect.objectContaining({ code }) } };
  }
  throw new Error("as many fates as attempts");
}

/** Attempts that were begun, by the number of the task. */
function ledger(pm: TaskFarm): Map<number, number> {
  const attempts = new Map<number, number>();
  for (const name of readdirSync(join(pm.desk, "begun"))) {
    const n = Number.parseInt(name, 10);
    attempts.set(n, (attempts.get(n) ?? 0) + 1);
  }
  return attempts;
}

function chaos(prefetch: number | "auto"): TaskFarm {
  const pm = new TaskFarm({
    a: taskPool(
      { command: fixture("task-chaos.mjs"), processes: 4 },
      { retries, prefetch, mailbox_limit: 1000, timeout: "10m" },
    ),
  });
  mkdirSync(join(pm.desk, "begun"));
  return pm;
}

async function allAccountedFor(pm: TaskFarm, count: number): Promise<void> {
  const page = await pm.metrics();
  const value = (name: string): number => page.sum(name, 'consumer="a"');
  expect({
    accepted: value("task_accepted_total"),
    finished: value("task_finished_total"),
    rejected: value("task_rejected_total"),
    waiting: value("task_waiting"),
    inFlight: value("task_in_flight"),
  }).toEqual({ accepted: count, finished: count, rejected: 0, waiting: 0, inFlight: 0 });
}

describe("workers that die, talk nonsense and answer twice", () => {
  test.each([
    [1, 8],
    [2, "auto"],
    [3, 0],
    [4, 32],
  ] as const)("spoil their own task alone (seed %d, prefetch %p)", async (seed, prefetch) => {
    await using pm = chaos(prefetch);
    const chance = random(seed);
    const mapped = tasks(1, 2000, chance);
    const posted = tasks(10_001, 400, chance);
    const [run, ...replies] = await Promise.all([
      pm.map("a", mapped),
      ...posted.map((task) => pm.post("a", task, { id: task.n })),
    ]);

    expect(run.answers).toEqual(mapped.map((task) => ({ id: task.n, ...course(task).answer })));
    expect(run.exitCode).toBe(1);
    expect(replies).toEqual(posted.map((task) => ({ status: expect.any(Number), id: task.n, ...course(task).answer })));

    const all = [...mapped, ...posted];
    expect(ledger(pm)).toEqual(new Map(all.map((task) => [task.n, course(task).attempts])));
    await allAccountedFor(pm, all.length);
    const met = all.flatMap((task) => task.fates.slice(0, course(task).attempts));
    const times = (...fates: string[]): number => met.filter((fate) => fates.includes(fate)).length;
    const errors = {
      garbage: 3 * times("garbage") + times("half"),
      answered_twice: times("twice"),
      wrong_id: times("wrong"),
      oversized: 0,
      broken: 0,
    };
    for (const [kind, count] of Object.entries(errors)) {
      const series = `task_protocol_errors_total{consumer="a",kind="${kind}"}`;
      expect(await pm.until(series, (value) => value >= count)).toBe(count); // a second answer may come behind the last first one
    }
    expect(await pm.metric('task_retries_total{consumer="a"}')).toBe(met.length - all.length);
    expect((await pm.records("Worker exited.", times(...dying))).length).toBe(times(...dying));
  });

  test.each([
    [5, 8],
    [6, "auto"],
  ] as const)(
    "and killed from outside lose no task and answer none twice (seed %d, prefetch %p)",
    async (seed, prefetch) => {
      await using pm = chaos(prefetch);
      const chance = random(seed);
      const mapped = tasks(1, 3000, chance);
      const byNumber = new Map(mapped.map((task) => [task.n, task]));
      const run = pm.map("a", mapped);
      const over = new AbortController();
      void run.finally(() => over.abort());
      let kills = 0;
      for (let exits = 0; kills < 40 && !over.signal.aborted;) {
        const pids = (await pm.pids("a")).filter((pid) => pid !== null);
        const pid = pids[Math.floor(chance() * pids.length)];
        if (pid === undefined) continue;
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          continue; // it has ended by itself
        }
        kills++;
        await pm.records("Worker exited.", (exits += 1));
      }

      expect((await run).exitCode).toBe(1);
      const answers = pm.mapped().map((line): TaskLine => JSON.parse(line));
      expect(kills).toBeGreaterThan(3);
      expect(answers.length).toBe(mapped.length);
      const begun = ledger(pm);
      expect(Math.max(...begun.values())).toBeLessThanOrEqual(1 + retries);
      const odd = answers.filter(({ id, result, error }, at) => {
        const task = byNumber.get(at + 1);
        const attempts = begun.get(at + 1) ?? 0;
        const last = task?.fates[attempts - 1] ?? "";
        if (id !== at + 1) return true;
        if (error === undefined)
          return !answering.includes(last) || !Bun.deepEquals(result, { n: id, attempt: attempts });
        return error.code === "failed" ? !failing.includes(last) : error.code !== "lost";
      });
      expect(odd).toEqual([]);
      await allAccountedFor(pm, mapped.length);
    },
  );
});
