import { expect, test } from "bun:test";

import type { TaskAnswer } from "../../../src/core/tasks/task.ts";
import { type FakeProcess, failing, ok, RehearsedPool, request } from "./rehearsed-pool.ts";

/** Numbers by chance, the same ones for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const WORKERS = 4;

interface Submitted {
  readonly payload: string;
  readonly retries: number;
  readonly answers: TaskAnswer[];
  readonly deadlineMs: number;
  cancel: () => void;
  runs: number;
}

/** Workers, callers and time by chance; checks after each step what must always hold. */
class Rehearsal {
  readonly #pick: (below: number) => number;
  readonly #pool: RehearsedPool;
  readonly #limit: number;
  readonly #concurrency: number;
  readonly #prefetch: number;
  readonly #maxTasks: number | null;
  readonly #tasks = new Map<string, Submitted>();
  readonly #processes = new Map<number, { process: FakeProcess; isOpen: boolean }>();
  /** Processes of slots that were given up. */
  readonly #leaving: FakeProcess[] = [];
  #count = 0;
  #isNested = false;

  constructor(seed: number) {
    this.#pick = chance(seed);
    this.#limit = this.#pick(6);
    this.#concurrency = this.#pick(3) === 0 ? 3 : 1;
    this.#prefetch = this.#concurrency > 1 ? 0 : this.#pick(4);
    this.#maxTasks = this.#pick(2) === 0 ? null : 3;
    this.#pool = new RehearsedPool({
      mailboxLimit: this.#limit,
      dispatch: this.#pick(2) === 0 ? "least_loaded" : "round_robin",
      timeoutMs: 5_000,
      concurrency: this.#concurrency,
      prefetch: this.#prefetch,
      maxTasks: this.#maxTasks,
    });
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.#act();
      this.#check();
    }
    this.#finish();
  }

  #act(): void {
    const processes = [...this.#processes.entries()];
    const any = processes[this.#pick(Math.max(1, processes.length))];
    switch (this.#pick(16)) {
      case 0:
      case 1:
        return this.#attach(this.#pick(WORKERS));
      case 2:
        if (any !== undefined) this.#lose(any[0]);
        return;
      case 3:
        if (any !== undefined && this.#pick(2) === 0) this.#leave(any[0]);
        return;
      case 4:
        return this.#pool.clock.advance(this.#pick(900));
      case 5: {
        const payload = String(this.#pick(this.#count + 1));
        this.#tasks.get(payload)?.cancel();
        return;
      }
      case 6:
        if (any !== undefined && this.#pick(4) === 0) any[1].process.tasks.close();
        return;
      case 7:
      case 8:
      case 9:
      case 10:
        return this.#answer(any?.[1].process ?? this.#leaving[0]);
      default:
        return this.#submit();
    }
  }

  #submit(): void {
    const payload = String(this.#count++);
    const retries = this.#pick(3);
    const timeoutMs = 200 + this.#pick(5_000);
    const task: Submitted = {
      payload,
      retries,
      answers: [],
      deadlineMs: this.#pool.clock.nowMs() + timeoutMs,
      cancel: () => undefined,
      runs: 0,
    };
    this.#tasks.set(payload, task);
    const { room } = this.#pool.pool;
    const rejected = this.#pool.pool.figures().rejected.overloaded;
    const again = this.#pick(12) === 0;
    task.cancel = this.#pool.pool.submit(
      request(payload, { retries, timeoutMs, priority: this.#pick(3) }),
      (answer) => {
        task.answers.push(answer);
        if (again && !this.#isNested) {
          this.#isNested = true;
          this.#submit();
          this.#isNested = false;
        }
      },
    );
    // Whoever hands in one more when it is answered may have taken the room.
    if (again) return;
    const isRefused = this.#pool.pool.figures().rejected.overloaded > rejected;
    expect(isRefused).toBe(room === 0);
    if (isRefused) expect(task.answers).toMatchObject([{ error: { code: "overloaded" } }]);
  }

  #attach(worker: number): void {
    if (this.#processes.has(worker)) return;
    const process = this.#pool.attach(worker);
    process.onSend = (_, payload) => {
      const task = this.#tasks.get(payload);
      if (task === undefined) throw new Error(`nobody asked for ${payload}`);
      // Whoever has an answer is not run again.
      expect(task.answers).toEqual([]);
      return this.#pick(60) !== 0;
    };
    process.onReplace = () => {
      process.tasks.close();
      if (this.#pick(2) === 0) this.#pool.clock.after(this.#pick(300), () => this.#lose(worker, process));
    };
    this.#processes.set(worker, { process, isOpen: true });
    process.tasks.open();
  }

  #lose(worker: number, process = this.#processes.get(worker)?.process): void {
    if (process === undefined) return;
    if (this.#processes.get(worker)?.process === process) this.#processes.delete(worker);
    this.#fall(process);
  }

  /** The process ends: what it had begun has been run once more, and nothing else may be answered `lost`. */
  #fall(process: FakeProcess): void {
    const begun = process.hand.slice(0, this.#concurrency).map(({ payload }) => payload);
    const unbegun = process.hand.slice(this.#concurrency).map(({ payload }) => payload);
    for (const payload of begun) this.#ran(payload);
    process.tasks.lost("killed");
    process.hand.length = 0;
    for (const payload of begun) {
      const task = this.#tasks.get(payload);
      if (task !== undefined && task.runs > task.retries) expect(task.answers).toHaveLength(1);
    }
    for (const payload of unbegun) {
      const task = this.#tasks.get(payload);
      for (const answer of task?.answers ?? []) expect(answer).not.toMatchObject({ error: { code: "lost" } });
    }
  }

  #leave(worker: number): void {
    const known = this.#processes.get(worker);
    if (known === undefined) return;
    this.#processes.delete(worker);
    this.#leaving.push(known.process);
    this.#pool.pool.leave(worker);
  }

  #answer(process: FakeProcess | undefined): void {
    const [first] = process?.hand ?? [];
    if (process === undefined || first === undefined) return;
    const at = this.#concurrency > 1 ? this.#pick(Math.min(this.#concurrency, process.hand.length)) : 0;
    const kind = this.#pick(12);
    const chosen = process.hand[at] ?? first;
    if (kind === 0) return process.answer(failing("refused"), at);
    this.#ran(chosen.payload);
    process.answer(kind < 4 ? failing("failed") : kind === 4 ? failing("final") : ok, at);
    if (this.#pick(20) === 0) process.tasks.answered(chosen.id, ok);
  }

  #ran(payload: string): void {
    const task = this.#tasks.get(payload);
    if (task === undefined) throw new Error(`nobody asked for ${payload}`);
    task.runs += 1;
    expect(task.runs).toBeLessThanOrEqual(1 + task.retries);
  }

  #check(): void {
    const { pool } = this.#pool;
    let inHand = 0;
    const all = [...[...this.#processes.values()].map(({ process }) => process), ...this.#leaving];
    for (const { hand, tasks, sent } of all) {
      expect(hand.length).toBeLessThanOrEqual(this.#concurrency + this.#prefetch);
      expect(tasks.busy).toBe(hand.length);
      if (this.#maxTasks !== null) expect(sent.length).toBeLessThanOrEqual(this.#maxTasks);
      inHand += hand.length;
    }
    expect(pool.waiting).toBeLessThanOrEqual((WORKERS + 1) * this.#limit);
    const nowMs = this.#pool.clock.nowMs();
    const tasks = [...this.#tasks.values()];
    const pending = tasks.filter(({ answers }) => answers.length === 0);
    expect(tasks.filter(({ answers }) => answers.length > 1)).toEqual([]);
    expect(pending.filter(({ deadlineMs }) => deadlineMs <= nowMs)).toEqual([]);
    const figures = pool.figures();
    const finished = Object.values(figures.finished).reduce((sum, count) => sum + count, 0);
    expect(figures.accepted - finished).toBe(pending.length);
    expect(figures.accepted + figures.rejected.overloaded).toBe(this.#count);
    expect(figures.inFlight).toBeGreaterThanOrEqual(inHand);
    expect(figures.waiting).toBeLessThanOrEqual(pending.length);
  }

  /** In the end everything is over, by an answer or by its deadline. */
  #finish(): void {
    this.#pool.clock.advance(20_000);
    for (const worker of this.#processes.keys()) this.#lose(worker);
    for (const process of this.#leaving) this.#fall(process);
    this.#pool.clock.advance(20_000);
    for (const task of this.#tasks.values()) expect(task.answers).toHaveLength(1);
    const figures = this.#pool.pool.figures();
    expect(figures).toMatchObject({ waiting: 0, inFlight: 0 });
    expect(figures.accepted + figures.rejected.overloaded).toBe(this.#count);
  }
}

test.each(Array.from({ length: 20 }, (_, block) => block * 15))(
  "whatever workers, callers and time do, each task is answered once and all bounds hold (seeds from %d)",
  (from) => {
    for (let seed = from; seed < from + 15; seed++) new Rehearsal(seed).run(120);
  },
);
