import { taskBody, taskQuery } from "../../protocol/task-documents.ts";
import type { TaskDesk } from "../../runtime/tasks/task-ports.ts";
import { ndjsonStream, refusal } from "./answers.ts";
import { readQuery } from "./read-members.ts";
import type { Asked, Route, Served } from "./route.ts";
import { answerTask, envelopeBytes } from "./task-answer.ts";
import type { TaskManner } from "./task-request.ts";
import { TaskStream } from "./task-stream.ts";

const path = "/v1/consumers/{consumer}/tasks";

/** Tasks for warm workers: one, or as `application/x-ndjson` a stream of them, answered in their order. */
export const taskRoute: Route = {
  method: "POST",
  path,
  summary: "Has a worker do a task, or with application/x-ndjson tasks, one a line, answered in their order.",
  query: taskQuery,
  body: taskBody,
  answers: {
    200: "TaskAnswerDocument",
    404: "ErrorDocument",
    413: "TaskAnswerDocument",
    422: "TaskAnswerDocument",
    429: "TaskAnswerDocument",
    502: "TaskAnswerDocument",
    503: "TaskAnswerDocument",
    504: "TaskAnswerDocument",
    508: "TaskAnswerDocument",
  },
  lines: "both",
  answer: ({ ports, keepStream }, asked) => serveTasks(ports.tasks, keepStream, asked),
};

/** Answers a request for tasks, whichever way it came. */
export async function serveTasks(
  desk: TaskDesk,
  keepStream: Served["keepStream"],
  { request, query, consumer }: Asked,
): Promise<Response> {
  const read = query === "" ? nothingSaid : readManner(query);
  if (!read.ok) return refusal(400, "bad_query", read.message);
  const inlet = desk.pool(consumer);
  if ("problem" in inlet) return refusal(404, inlet.problem, inlet.message);
  const { manner, number } = read;
  if (!isStream(request)) return await answerTask(inlet, request, manner);
  const stream = new TaskStream(inlet, request.body, manner, number, inlet.maxBytes + envelopeBytes);
  keepStream(stream);
  return ndjsonStream(stream.body);
}

type ReadManner =
  | { readonly ok: true; readonly manner: TaskManner; readonly number: number }
  | { readonly ok: false; readonly message: string };

function readManner(query: string): ReadManner {
  const read = readQuery(taskQuery, query);
  if (!read.ok) return read;
  const { bare, n, timeout_seconds: seconds, retries, priority } = read.value;
  const timeoutMs = seconds === null ? null : Math.ceil(seconds * 1_000);
  return { ok: true, manner: { bare, timeoutMs, retries, priority: priority ?? 0 }, number: n };
}

/** Most requests have no query: they need not pay for reading one. */
const nothingSaid = readManner("");

const isStream = ({ headers }: Request): boolean =>
  /^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines)\s*(?:;|$)/iu.test(headers.get("content-type") ?? "");
