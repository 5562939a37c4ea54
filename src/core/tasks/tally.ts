import { Histogram, TASK_SECONDS } from "./histogram.ts";
import type { RejectReason, TaskFigures } from "./task-figures.ts";
import type { TaskProtocolErrorKind, TaskResult } from "./task.ts";

/** Counts what a pool of tasks does. */
export class Tally {
  readonly wait = new Histogram(TASK_SECONDS);
  readonly run = new Histogram(TASK_SECONDS);
  #accepted = 0;
  #retried = 0;
  readonly #rejected: Record<RejectReason, number> = {
    overloaded: 0,
    unavailable: 0,
    shutting_down: 0,
    too_large: 0,
    loop: 0,
  };
  readonly #finished: Record<TaskResult, number> = {
    ok: 0,
    failed: 0,
    lost: 0,
    timeout: 0,
    cancelled: 0,
    overloaded: 0,
    unavailable: 0,
    shutting_down: 0,
    too_large: 0,
  };
  readonly #protocolErrors: Record<TaskProtocolErrorKind, number> = {
    garbage: 0,
    wrong_id: 0,
    answered_twice: 0,
    oversized: 0,
    broken: 0,
  };

  accepted(): void {
    this.#accepted += 1;
  }

  retried(): void {
    this.#retried += 1;
  }

  rejected(reason: RejectReason): void {
    this.#rejected[reason] += 1;
  }

  finished(result: TaskResult): void {
    this.#finished[result] += 1;
  }

  protocolError(kind: TaskProtocolErrorKind): void {
    this.#protocolErrors[kind] += 1;
  }

  figures(now: Pick<TaskFigures, "waiting" | "inFlight" | "room">): TaskFigures {
    return {
      ...now,
      accepted: this.#accepted,
      rejected: { ...this.#rejected },
      finished: { ...this.#finished },
      retried: this.#retried,
      protocolErrors: { ...this.#protocolErrors },
      wait: this.wait.figures(),
      run: this.run.figures(),
    };
  }
}
