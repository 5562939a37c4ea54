import type { TaskAnswer, TaskError } from "../core/tasks/task.ts";
import { maxFrameBytes } from "./worker-frames.ts";

/** What pm tells a worker about tasks on its protocol descriptor. Every frame here ends in a newline and is no longer than the protocol allows. */

/** Asks it to break off this task of its own; it answers it all the same. */
export function cancelFrame(id: number): string {
  return `{"type":"cancel","id":${id}}\n`;
}

/** What came of its call. `id` as in `WorkerCall`. An answer longer than a frame becomes `too_large`; an error loses its details first. */
export function resultFrame(id: string, answer: TaskAnswer): string {
  if (answer.ok) {
    const frame = `{"type":"result","id":${id},"result":${answer.result}}\n`;
    return fits(frame) ? frame : errorFrame(id, tooLarge);
  }
  const frame = errorFrame(id, answer.error);
  return fits(frame) ? frame : errorFrame(id, { ...answer.error, details: null });
}

const tooLarge: TaskError = {
  code: "too_large",
  message: `the answer is longer than the ${maxFrameBytes} bytes of a frame`,
  details: null,
};

/** Messages are cut where they are made, far below the length of a frame. */
function errorFrame(id: string, { code, message, details }: TaskError): string {
  const error = `"code":"${code}","message":${JSON.stringify(message.slice(0, 1_000).toWellFormed())},"details":${details ?? "null"}`;
  return `{"type":"result","id":${id},"error":{${error}}}\n`;
}

function fits(frame: string): boolean {
  const longestWithoutNewline = maxFrameBytes + 1;
  if (frame.length * 3 <= longestWithoutNewline) return true;
  return frame.length <= longestWithoutNewline && encoder.encode(frame).length <= longestWithoutNewline;
}

const encoder = new TextEncoder();
