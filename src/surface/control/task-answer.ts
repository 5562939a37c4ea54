import type { TaskAnswer, TaskErrorCode, TaskRequest } from "../../core/tasks/task.ts";
import { taskAnswerText, taskStatus } from "../../protocol/task-documents.ts";
import type { TaskInlet } from "../../runtime/tasks/task-ports.ts";
import { refusal } from "./answers.ts";
import { announcedBytes, readBounded, utf8 } from "./bounded-body.ts";
import { readTask, type TaskManner } from "./task-request.ts";

/** What may stand around a payload of the longest kind. */
export const envelopeBytes = 65_536;

/** A body that is read before it is known whether there is room: it costs no more than the refusal. */
const smallBytes = 65_536;

/** Answers a request that is one task. When the client leaves, the task is called off. */
export async function answerTask(inlet: TaskInlet, request: Request, manner: TaskManner): Promise<Response> {
  const mostBytes = inlet.maxBytes + envelopeBytes;
  const length = announcedBytes(request);
  if (length !== null && length > mostBytes) return unread(tooLarge(inlet));
  if (inlet.room === 0 && (length ?? mostBytes) > smallBytes) return unread(noRoom);
  const body = await readBounded(request, mostBytes);
  if (body === "too_long") return unread(tooLarge(inlet));
  const text = body === "broken" ? null : utf8(body);
  if (text === null) return refusal(400, "bad_request", "the body is not UTF-8 text, or did not come whole");
  const task = readTask(text, manner);
  if (!task.ok) return refusal(400, "bad_request", task.message);
  const answer = await done(inlet, task.request, request);
  return toResponse(task.id ?? "null", answer);
}

async function done(inlet: TaskInlet, task: TaskRequest, request: Request): Promise<TaskAnswer> {
  const { promise, resolve } = Promise.withResolvers<TaskAnswer>();
  let atOnce: TaskAnswer | null = null;
  const cancel = inlet.submit(task, (answer) => {
    atOnce = answer;
    resolve(answer);
  });
  if (atOnce !== null) return atOnce; // refused, and without what watching the client costs
  const { signal } = request;
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel(); // while its body was read
  const answer = await promise;
  signal.removeEventListener("abort", cancel);
  return answer;
}

const noRoom = refused("overloaded", "too many tasks wait already; try again later");

function tooLarge({ maxBytes }: TaskInlet): TaskAnswer {
  return refused("too_large", `the payload may have ${maxBytes} bytes at most; send less, or set tasks.max_size`);
}

function refused(code: TaskErrorCode, message: string): TaskAnswer {
  return { ok: false, error: { code, message, details: null } };
}

/** An answer to what was not read to its end: the connection is of no more use. */
function unread(answer: TaskAnswer): Response {
  return toResponse("null", answer, { connection: "close" });
}

function toResponse(id: string, answer: TaskAnswer, headers: Readonly<Record<string, string>> = {}): Response {
  const overloaded = !answer.ok && answer.error.code === "overloaded";
  return new Response(`${taskAnswerText(id, answer)}\n`, {
    status: taskStatus(answer),
    headers: { "content-type": "application/json", ...(overloaded ? { "retry-after": "1" } : {}), ...headers },
  });
}
