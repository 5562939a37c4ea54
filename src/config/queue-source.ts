import type { QueueSpec } from "../core/farm/scaling-spec.ts";
import { object } from "./collections.ts";
import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";
import type { Kind } from "./kind.ts";
import { messengerQueue } from "./messenger-dsn.ts";
import { isSource, none, queueKeys, sources, type QueueValues } from "./queue-keys.ts";

const fields = object(queueKeys);

/** One place where the number of waiting messages is read. */
export const queueSource: Kind<QueueSpec> = {
  read(value, path, findings) {
    const values = fields.read(value, path, findings);
    if (values === undefined) return undefined;
    const given = Object.keys(none).filter((key) => isGiven(values, key, path, findings));
    const [source, second] = given.filter(isSource);
    if (source === undefined) {
      if (findings.failed(path)) return undefined;
      return findings.error(path, `names no source of numbers; write one of ${Object.keys(sources).join(", ")}`);
    }
    if (second !== undefined) {
      return findings.error(
        [...path, second],
        `cannot stand beside ${source}, because an entry is one queue; make it an entry of its own (they add up)`,
        "key",
      );
    }
    const { needs, may } = sources[source];
    const known = new Set<string>([source, ...needs, ...may]);
    for (const key of given.filter((each) => !known.has(each))) {
      findings.error([...path, key], `means nothing to ${source}; remove it`, "key");
    }
    for (const key of needs.filter((each) => !given.includes(each))) {
      findings.error([...path, key], `is missing; ${source} needs it`, "key");
    }
    if (source === "redis") checkRedis(given, path, findings);
    return findings.failed(path) ? undefined : specOf(values, path, findings);
  },
  write: (spec) => fields.write({ ...none, ...valuesOf(spec) }),
  get schema() {
    return fields.schema;
  },
  keys: queueKeys,
};

function isGiven(values: QueueValues, key: string, path: Path, findings: Findings): boolean {
  const value = Object.entries(values).find(([each]) => each === key)?.[1] ?? null;
  return value !== null || findings.failed([...path, key]);
}

function checkRedis(given: readonly string[], path: Path, findings: Findings): void {
  const [shape, second] = given.filter((key) => key === "list" || key === "sorted_set" || key === "stream");
  if (shape === undefined) {
    // A misspelt key has been told, and may be the one that is missing.
    if (!findings.failed(path))
      findings.error(path, "names no key of Redis; add list: KEY, sorted_set: KEY, or stream: KEY and group: NAME");
  } else if (second !== undefined) {
    findings.error([...path, second], `cannot stand beside ${shape}; make it an entry of its own (they add up)`, "key");
  } else if (shape === "stream" && !given.includes("group")) {
    findings.error([...path, "group"], "is missing; a stream needs the name of its consumer group", "key");
  } else if (shape !== "stream" && given.includes("group")) {
    findings.error([...path, "group"], `belongs to a stream and means nothing to a ${shape}; remove it`, "key");
  }
}

/** Values of which the combination is right. */
function specOf(values: QueueValues, path: Path, findings: Findings): QueueSpec | undefined {
  const { redis, list, sorted_set: set, stream, group, sql, rabbitmq, queue, prometheus, query, http } = values;
  if (redis !== null) {
    if (stream !== null && group !== null) return { kind: "redis", url: redis, shape: "stream", key: stream, group };
    return { kind: "redis", url: redis, shape: list === null ? "sorted_set" : "list", key: list ?? set ?? "" };
  }
  if (sql !== null) return { kind: "sql", url: sql, query: query ?? "" };
  if (rabbitmq !== null) return { kind: "rabbitmq", url: rabbitmq, vhost: values.vhost ?? "/", queue: queue ?? "" };
  if (prometheus !== null) return { kind: "prometheus", url: prometheus, query: query ?? "" };
  if (http !== null) {
    return { kind: "http", url: http, headers: Object.fromEntries(values.headers ?? []), path: values.path ?? [] };
  }
  if (values.command !== null) return { kind: "command", command: values.command };
  if (values.messenger === null) return undefined;
  const found = messengerQueue(values.messenger.dsn, values.messenger.database);
  return typeof found === "string" ? findings.error([...path, "messenger"], found) : found;
}

function valuesOf(spec: QueueSpec): Partial<QueueValues> {
  switch (spec.kind) {
    case "redis":
      return {
        redis: spec.url,
        [spec.shape]: spec.key,
        ...(spec.shape === "stream" ? { group: spec.group } : {}),
      };
    case "sql":
      return { sql: spec.url, query: spec.query };
    case "rabbitmq":
      return { rabbitmq: spec.url, queue: spec.queue, vhost: spec.vhost };
    case "prometheus":
      return { prometheus: spec.url, query: spec.query };
    case "http": {
      const sent = new Map(Object.entries(spec.headers));
      return {
        http: spec.url,
        path: spec.path.length === 0 ? null : spec.path,
        headers: sent.size === 0 ? null : sent,
      };
    }
    case "command":
      return { command: spec.command };
  }
}
