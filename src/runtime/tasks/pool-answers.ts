import { Tally } from "../../core/tasks/tally.ts";
import type { TaskAnswer, TaskResult } from "../../core/tasks/task.ts";
import { KeyMemory } from "./key-memory.ts";
import type { Caller, PoolTask } from "./pool-task.ts";

/** Who gets which answer, once each, in the order the answers came; and the count of all that. */
export class PoolAnswers {
  readonly tally = new Tally();
  readonly keys = new KeyMemory();
  #outbox: { readonly caller: Caller; readonly answer: TaskAnswer }[] = [];
  #delivered = 0;

  /** All who asked for it get this answer; its first one counts. */
  settle(task: PoolTask, answer: TaskAnswer, nowMs: number): void {
    if (task.isAnswered) return;
    task.isAnswered = true;
    if (task.isBegun) this.tally.run.add((nowMs - task.beganMs) / 1000);
    if (task.key !== null) this.keys.end(task.key, answer, nowMs);
    for (const caller of task.callers) this.tell(caller, answer);
  }

  tell(caller: Caller, answer: TaskAnswer): void {
    caller.isTold = true;
    this.tally.finished(resultOf(answer));
    this.#outbox.push({ caller, answer });
  }

  /** Hands out one answer; false when there is none left. */
  deliver(): boolean {
    const next = this.#outbox[this.#delivered];
    if (next === undefined) return false;
    this.#delivered += 1;
    if (this.#delivered === this.#outbox.length || this.#delivered > 1000) {
      this.#outbox = this.#outbox.slice(this.#delivered);
      this.#delivered = 0;
    }
    next.caller.settle(next.answer);
    return true;
  }
}

/** Nothing is called a loop once it is accepted. */
function resultOf(answer: TaskAnswer): TaskResult {
  if (answer.ok) return "ok";
  return answer.error.code === "loop" ? "failed" : answer.error.code;
}
