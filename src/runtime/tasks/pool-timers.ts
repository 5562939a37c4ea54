import { PlacedHeap, type Placing } from "../../core/tasks/placed-heap.ts";
import type { Cancel, Clock } from "../host.ts";
import type { PoolTask } from "./pool-task.ts";

const byTime: Placing<PoolTask> = {
  isBefore: (a, b) => a.wakeMs < b.wakeMs,
  at: ({ wakeAt }) => wakeAt,
  setAt: (task, at) => {
    task.wakeAt = at;
  },
};

/** Wakes tasks at their time, with one timer for all of them. */
export class PoolTimers {
  readonly #tasks = new PlacedHeap<PoolTask>(byTime);
  readonly #clock: Clock;
  readonly #wake: (due: readonly PoolTask[]) => void;
  #timer: { readonly atMs: number; readonly cancel: Cancel } | null = null;

  constructor(clock: Clock, wake: (due: readonly PoolTask[]) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** The task must not be in already. */
  put(task: PoolTask, atMs: number): void {
    task.wakeMs = atMs;
    this.#tasks.put(task);
    this.#arm();
  }

  /** The timer stays while there are others: it finds nothing due and is set anew, which is cheaper than setting it for each task. */
  remove(task: PoolTask): void {
    this.#tasks.remove(task);
    if (this.#tasks.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(): void {
    const first = this.#tasks.first;
    if (first === undefined || (this.#timer !== null && this.#timer.atMs <= first.wakeMs)) return;
    this.#timer?.cancel();
    const atMs = first.wakeMs;
    const cancel = this.#clock.after(Math.max(0, atMs - this.#clock.nowMs()), () => this.#ring());
    this.#timer = { atMs, cancel };
  }

  #ring(): void {
    this.#timer = null;
    const nowMs = this.#clock.nowMs();
    const due: PoolTask[] = [];
    for (let task = this.#tasks.first; task !== undefined && task.wakeMs <= nowMs; task = this.#tasks.first) {
      this.#tasks.remove(task);
      due.push(task);
    }
    this.#wake(due);
    this.#arm();
  }
}
