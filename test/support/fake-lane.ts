import type { TaskProtocolErrorKind } from "../../src/core/tasks/task.ts";
import type { ChildLane, LaneAnswer, LaneOwner } from "../../src/runtime/tasks/lane.ts";

/** The tasks of a process that exists only on paper. */
export class FakeLane implements ChildLane {
  /** In the order in which they were handed over. */
  readonly sent: { readonly id: number; readonly payload: string }[] = [];
  readonly cancelled: number[] = [];
  finished = false;
  #owner: LaneOwner | null = null;

  serve(owner: LaneOwner): void {
    this.#owner = owner;
  }

  send(id: number, payload: string): boolean {
    this.sent.push({ id, payload });
    return true;
  }

  cancel(id: number): void {
    this.cancelled.push(id);
  }

  finish(): void {
    this.finished = true;
  }

  exited(): void {
    this.finished = true;
  }

  abandon(): void {
    this.finished = true;
  }

  /** Answers the task that was handed over as the `at`th, the first when nothing is said. */
  answer(answer: LaneAnswer = { ok: true, result: "null" }, at = 0): void {
    const { id } = this.sent[at] ?? { id: -1 };
    this.#owner?.answered(id, answer);
  }

  /** Breaks the protocol. */
  complain(kind: TaskProtocolErrorKind, excerpt: string): void {
    this.#owner?.problem(kind, excerpt);
  }
}
