import type { TaskAnswer } from "../../core/tasks/task.ts";
import type { WorkerFrame } from "../../protocol/worker-frames.ts";
import type { Cancel } from "../host.ts";
import type { TaskDesk } from "./task-ports.ts";

/** What a worker wants done by another consumer. */
export type Call = Extract<WorkerFrame, { type: "call" }>;

/**
 * Hands it over; `answer` is called once, perhaps before this returns. `chain` are the consumers whose tasks wait for it. The returned
 * function calls it off.
 */
export function handOver(
  call: Call,
  chain: readonly string[],
  desk: TaskDesk,
  answer: (said: TaskAnswer) => void,
): Cancel {
  const inlet = desk.pool(call.consumer);
  if (!("problem" in inlet)) {
    const { payload, timeoutMs } = call;
    return inlet.submit({ payload, timeoutMs, retries: null, priority: 0, key: null, chain }, answer);
  }
  answer({ ok: false, error: { code: "unavailable", message: inlet.message, details: null } });
  return () => {};
}
