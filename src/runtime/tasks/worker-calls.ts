import type { TaskAnswer } from "../../core/tasks/task.ts";
import type { WorkerFrame } from "../../protocol/worker-frames.ts";
import type { Cancel } from "../host.ts";
import type { TaskDesk } from "./task-ports.ts";

/** What a worker wants done by another consumer. */
export type Call = Extract<WorkerFrame, { type: "call" }>;

/** Tasks of other consumers that one process waits for. */
export class WorkerCalls {
  readonly #desk: TaskDesk;
  readonly #underWay = new Set<{ readonly id: string; callOff: Cancel }>();

  constructor(desk: TaskDesk) {
    this.#desk = desk;
  }

  /** Hands it over; `answer` is called once, perhaps before this returns. `chain` are the consumers whose tasks wait for it. */
  begin(call: Call, chain: readonly string[], answer: (said: TaskAnswer) => void): void {
    const begun = { id: call.id, callOff: (): void => {} };
    this.#underWay.add(begun);
    begun.callOff = this.#handOver(call, chain, (said) => {
      this.#underWay.delete(begun);
      answer(said);
    });
  }

  /** It does not wait for this one any more. */
  callOff(id: string): void {
    for (const call of this.#underWay) if (call.id === id) call.callOff();
  }

  /** The process has ended. */
  end(): void {
    for (const { callOff } of this.#underWay) callOff();
  }

  #handOver(call: Call, chain: readonly string[], answer: (said: TaskAnswer) => void): Cancel {
    const inlet = this.#desk.pool(call.consumer);
    if (!("problem" in inlet)) {
      const { payload, timeoutMs } = call;
      return inlet.submit({ payload, timeoutMs, retries: null, priority: 0, key: null, chain }, answer);
    }
    answer({ ok: false, error: { code: "unavailable", message: inlet.message, details: null } });
    return () => {};
  }
}
