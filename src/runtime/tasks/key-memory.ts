import type { TaskAnswer } from "../../core/tasks/task.ts";
import type { PoolTask } from "./pool-task.ts";

const MOST = 1000;
const LONGEST = 64 * 1024;
const KEPT_MS = 5 * 60_000;

/** Which tasks with a key are under way, and what came of those that succeeded lately. One that failed may be asked for again. */
export class KeyMemory {
  readonly #underWay = new Map<string, PoolTask>();
  readonly #recent = new Map<string, { readonly answer: TaskAnswer; readonly untilMs: number }>();

  underWay(key: string): PoolTask | undefined {
    return this.#underWay.get(key);
  }

  recent(key: string, nowMs: number): TaskAnswer | null {
    const known = this.#recent.get(key);
    return known !== undefined && nowMs < known.untilMs ? known.answer : null;
  }

  begin(key: string, task: PoolTask): void {
    this.#underWay.set(key, task);
  }

  end(key: string, answer: TaskAnswer, nowMs: number): void {
    this.#underWay.delete(key);
    if (!answer.ok || answer.result.length > LONGEST) return;
    this.#recent.delete(key);
    this.#recent.set(key, { answer, untilMs: nowMs + KEPT_MS });
    for (const [oldest, { untilMs }] of this.#recent) {
      if (this.#recent.size <= MOST && nowMs < untilMs) break;
      this.#recent.delete(oldest);
    }
  }
}
