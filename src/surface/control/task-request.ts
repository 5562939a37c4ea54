import type { TaskRequest } from "../../core/tasks/task.ts";
import { memberText, onOneLine } from "../../protocol/json-member.ts";
import { taskBody } from "../../protocol/task-documents.ts";
import { readMembers } from "./read-members.ts";

/** What holds for all tasks of a request that do not say otherwise, and how they are written. */
export interface TaskManner {
  /** The text is the payload itself. */
  readonly bare: boolean;
  readonly timeoutMs: number | null;
  readonly retries: number | null;
  readonly priority: number;
}

/** `id` is the JSON text that comes back in the answer; null where the request has none. `message` is one line. */
export type ReadTask =
  | { readonly ok: true; readonly id: string | null; readonly request: TaskRequest }
  | { readonly ok: false; readonly message: string };

const opening = '{"payload":';

/** Reads a task. Of its payload every byte is kept, but for newlines between tokens. */
export function readTask(text: string, manner: TaskManner): ReadTask {
  if (manner.bare) return isJson(text) ? plain(text, manner) : noJsonLine;
  if (text.startsWith(opening)) {
    const payload = text.slice(opening.length, text.lastIndexOf("}"));
    if (text.endsWith("}") && isJson(payload)) return plain(payload, manner); // nothing else in it: the usual case costs one parse
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return noJson;
  }
  const read = readMembers(taskBody, value);
  if (!read.ok) return read;
  const { id, timeout_seconds: seconds, retries, priority, key } = read.value;
  return {
    ok: true,
    id: id === null ? null : JSON.stringify(id),
    request: {
      payload: onOneLine(memberText(text, "payload") ?? "null"),
      timeoutMs: seconds === null ? manner.timeoutMs : Math.ceil(seconds * 1_000),
      retries: retries ?? manner.retries,
      priority: priority ?? manner.priority,
      key,
      chain: [],
    },
  };
}

function plain(payload: string, { timeoutMs, retries, priority }: TaskManner): ReadTask {
  return {
    ok: true,
    id: null,
    request: { payload: onOneLine(payload), timeoutMs, retries, priority, key: null, chain: [] },
  };
}

const noJson: ReadTask = {
  ok: false,
  message: 'this is no JSON; send a task such as {"payload":1}, or with ?bare=1 the payload itself',
};
const noJsonLine: ReadTask = { ok: false, message: 'this line is no JSON; write a text as "text"' };

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
