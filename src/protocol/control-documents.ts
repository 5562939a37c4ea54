import * as v from "valibot";
import type {
  ErrorDocument,
  EventLine,
  ExplainDocument,
  FarmStatus,
  LogLineDocument,
  LostLines,
  OperationAnswer,
  ReloadAnswer,
} from "./control-api.ts";

/**
 * The documents of `control-api.ts` as schemas, for the OpenAPI document and for tests. The types of the constants hold the two together:
 * a member of a document that is missing here does not compile.
 */

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const seconds = v.pipe(v.number(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp(), v.description("ISO 8601 in UTC."));
const text = v.string();
const maybe = <T extends v.GenericSchema>(schema: T): v.NullableSchema<T, undefined> => v.nullable(schema);

const worker = v.strictObject({
  worker: v.pipe(count, v.description("Unique for the life of pm, kept when it is restarted.")),
  slot: v.pipe(count, v.description("0 to n-1 within the consumer; reused.")),
  state: v.picklist(["starting", "ready", "draining", "backoff", "parked", "stopped", "finished"]),
  paused: v.boolean(),
  pid: maybe(count),
  started_at: maybe(time),
  uptime_seconds: maybe(seconds),
  restarts: count,
  failures: v.pipe(count, v.description("Within the window.")),
  failure_limit: count,
  failure_window_seconds: seconds,
  next_start_at: maybe(time),
  next_start_in_seconds: maybe(seconds),
  last_exit: maybe(
    v.strictObject({
      code: v.pipe(count, v.description("As a shell shows it: 128+n for a signal.")),
      signal: maybe(text),
      text,
      at: time,
    }),
  ),
  busy: v.pipe(count, v.description("Slots at work.")),
  slots: count,
  in_flight: v.pipe(v.record(text, count), v.description("Messages at work, by transport.")),
  rss_bytes: maybe(count),
  cpu_seconds: maybe(seconds),
});

const tasks = v.strictObject({
  waiting: v.pipe(count, v.description("Accepted, and not yet handed to a worker.")),
  in_flight: count,
  accepted_total: count,
  finished_total: v.pipe(v.record(text, count), v.description("By result.")),
  rejected_total: v.pipe(v.record(text, count), v.description("By reason.")),
  server: v.pipe(
    maybe(v.strictObject({ address: text, connections: count })),
    v.description("The server that does the work in place of workers."),
  ),
});

const consumer = v.strictObject({
  consumer: text,
  transports: v.array(text),
  state: v.picklist(["running", "starting", "degraded", "parked", "stopped", "paused", "draining", "finished"]),
  why: v.pipe(maybe(text), v.description("Why it is not simply running.")),
  origin: v.picklist(["file", "source"]),
  problem: v.pipe(maybe(text), v.description("What is wrong with its newest definition, when an older one runs.")),
  min: count,
  max: count,
  target: count,
  desired: maybe(count),
  allocated: maybe(count),
  sized_by: v.picklist(["file", "autoscaler", "person"]),
  ready: count,
  busy: v.pipe(count, v.description("Workers at work.")),
  queue_depth: maybe(seconds),
  messages_total: v.pipe(count, v.description("Handled or failed.")),
  tasks: v.pipe(maybe(tasks), v.description("Null for a consumer whose workers fetch their own work.")),
  workers: v.array(worker),
});

const source = v.strictObject({
  mode: v.picklist(["poll", "push"]),
  state: v.picklist(["waiting", "ok", "failing"]),
  last_document_at: maybe(time),
  error: maybe(text),
  consumers: count,
  rejected: v.array(v.strictObject({ consumer: text, error: text, kept: v.boolean() })),
});

const cluster = v.strictObject({
  self: text,
  nodes: v.array(text),
  by: text,
  share: v.picklist(["consumers", "workers"]),
  owners: v.array(v.strictObject({ consumer: text, node: maybe(text), workers: maybe(v.record(text, count)) })),
});

export const farmStatus: v.GenericSchema<FarmStatus> = v.strictObject({
  api: v.literal("v1"),
  version: text,
  pid: count,
  file: text,
  started_at: time,
  uptime_seconds: seconds,
  phase: v.picklist(["running", "stopping"]),
  total_cap: maybe(count),
  http: maybe(text),
  rss_bytes: maybe(count),
  cpu_seconds: maybe(seconds),
  last_reload: maybe(v.strictObject({ at: time, result: text, message: text })),
  source: maybe(source),
  cluster: maybe(cluster),
  consumers: v.array(consumer),
});

const problem = v.strictObject({ code: text, message: v.pipe(text, v.description("One line for people.")) });

export const errorDocument: v.GenericSchema<ErrorDocument> = v.strictObject({ error: problem });

export const operationAnswer: v.GenericSchema<OperationAnswer> = v.strictObject({
  result: v.picklist(["done", "accepted", "failed", "unknown_consumer", "unknown_slot", "conflict"]),
  message: v.pipe(text, v.description("One line for people.")),
});

const size = maybe(text);

export const reloadAnswer: v.GenericSchema<ReloadAnswer> = v.strictObject({
  result: v.picklist(["done", "planned", "rejected", "failed", "conflict"]),
  message: text,
  problems: v.array(text),
  changes: v.array(
    v.strictObject({
      consumer: text,
      kind: v.picklist(["added", "removed", "resized", "adjusted", "restart"]),
      keys: v.array(text),
      size_before: size,
      size_after: size,
    }),
  ),
  farm_keys: v.array(text),
  needs_new_start: v.array(text),
});

export const eventLine: v.GenericSchema<EventLine> = v.strictObject({
  id: v.pipe(count, v.description("Ascending from 1; more is lost than shown where one is missing.")),
  at: time,
  who: text,
  kind: text,
  consumer: maybe(text),
  worker: maybe(count),
  message: text,
  why: maybe(text),
});

export const logLine: v.GenericSchema<LogLineDocument> = v.strictObject({
  at: time,
  worker: count,
  slot: count,
  consumer: text,
  stream: v.picklist(["stdout", "stderr"]),
  level: maybe(v.picklist(["debug", "info", "warning", "error"])),
  text,
});

export const lostLines: v.GenericSchema<LostLines> = v.strictObject({
  lost: v.pipe(count, v.description("So many lines a slow reader has missed here.")),
});

export const explainDocument: v.GenericSchema<ExplainDocument> = v.strictObject({
  consumer: text,
  lines: v.array(text),
  decisions: v.array(
    v.strictObject({
      at: time,
      current: count,
      busy: seconds,
      queue_depth: maybe(seconds),
      desired: count,
      allocated: count,
      previous: count,
      target: count,
      reason: text,
      stages: v.array(text),
    }),
  ),
});

/** GET /v1/: what there is. */
export const indexDocument = v.strictObject({
  api: v.literal("v1"),
  version: text,
  routes: v.array(v.strictObject({ method: text, path: text, summary: text })),
});
