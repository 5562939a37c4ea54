import type { TaskSourceSpec, TasksSpec } from "../core/farm/tasks-spec.ts";
import type { TaskValues } from "./task-keys.ts";
import type { TaskSourceValues } from "./task-source-keys.ts";

/** Tasks in which nothing is left to fill in. */
export function fillTasks(values: TaskValues): TaskValues {
  const isJsonl = values.protocol === "jsonl";
  return {
    ...values,
    concurrency: isJsonl ? (values.concurrency ?? 1) : null,
    prefetch: isJsonl ? (values.prefetch ?? "auto") : null,
    connections: values.address === null ? null : (values.connections ?? 8),
    from: values.from === null ? null : fillSource(values.from),
  };
}

function fillSource(values: TaskSourceValues): TaskSourceValues {
  const { list, stream, format } = values;
  return {
    ...values,
    group: stream === null ? null : (values.group ?? "pm"),
    field: stream === null ? null : (values.field ?? "payload"),
    dead_letter: values.dead_letter ?? (format === "sidekiq" ? "dead" : `${list ?? stream ?? ""}:dead`),
  };
}

/** What filled values describe. */
export function tasksOf(values: TaskValues): TasksSpec {
  const { prefetch } = values;
  return {
    protocol: values.protocol,
    mailboxLimit: values.mailbox_limit,
    dispatch: values.dispatch,
    timeoutMs: values.timeout,
    retries: values.retries,
    concurrency: values.concurrency ?? 1,
    prefetch: values.protocol === "fastcgi" ? 0 : prefetch === "auto" ? null : prefetch,
    maxTasks: values.max_tasks,
    maxBytes: values.max_size,
    fastcgi:
      values.protocol === "jsonl"
        ? null
        : {
            address: values.address,
            connections: values.connections ?? 1,
            script: values.script ?? "",
            params: Object.fromEntries(values.params ?? []),
          },
    from: values.from === null ? null : sourceOf(values.from),
  };
}

function sourceOf(values: TaskSourceValues): TaskSourceSpec {
  const { list, stream, group, field } = values;
  return {
    url: values.redis,
    shape:
      stream === null
        ? { kind: "list", key: list ?? "" }
        : { kind: "stream", key: stream, group: group ?? "", field: field ?? "" },
    format: values.format,
    maxAttempts: values.max_attempts,
    deadLetter: values.dead_letter ?? "",
    reclaimMs: values.reclaim,
  };
}
