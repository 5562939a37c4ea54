import { describe, expect, test } from "bun:test";
import type { DampingSpec, QueueSpec, ScalingSpec, StrategySpec } from "../../src/core/farm/scaling-spec.ts";
import { dampingDefaults, scalingSpec } from "../support/specs.ts";
import { issuesOf, parse } from "./source.ts";

/** The size of a pool with these lines in its autoscaler, which must be in order and beyond doubt. */
function size(...lines: string[]) {
  const text = ["consumers:", "  a:", "    command: [x]", "    autoscaler:", ...lines.map((line) => `      ${line}`)];
  const result = parse(text.join("\n"));
  expect(issuesOf(result)).toEqual([]);
  return result.ok ? result.spec.consumers[0]?.size : undefined;
}

function scaling(...lines: string[]): ScalingSpec | undefined {
  const found = size("min: 1", "max: 9", ...lines);
  return found?.kind === "autoscaled" ? found.scaling : undefined;
}

const asList: QueueSpec = { kind: "redis", url: "redis://h", key: "l", shape: "list" };
const aQueue = "queues: {redis: redis://h, list: l}";
const queueDefaults = { perWorker: null, maxWaitMs: null, timeoutMs: 2000, onFailure: { kind: "hold" } } as const;
const commandDefaults = { mode: "once", timeoutMs: 5000, onFailure: { kind: "utilization" } } as const;

describe("a strategy", () => {
  test.each<[string, StrategySpec]>([
    ["{type: fixed}", { type: "fixed" }],
    [
      "{type: utilization, target: 0.5}",
      { type: "utilization", target: 0.5, scaleUpThreshold: 0.5, scaleDownThreshold: 0.25 },
    ],
    [
      `{type: queue, per_worker: 0.5, ${aQueue}}`,
      { type: "queue", ...queueDefaults, queues: [asList], perWorker: 0.5 },
    ],
    [
      `{type: queue, max_wait: 30s, timeout: 500ms, on_failure: utilization, queues: [{command: count a}, {redis: redis://h, list: l}]}`,
      {
        type: "queue",
        queues: [{ kind: "command", command: ["count", "a"] }, asList],
        perWorker: null,
        maxWaitMs: 30_000,
        timeoutMs: 500,
        onFailure: { kind: "utilization" },
      },
    ],
    [
      `{type: queue, per_worker: 1, on_failure: 0, ${aQueue}}`,
      { type: "queue", ...queueDefaults, queues: [asList], perWorker: 1, onFailure: { kind: "size", workers: 0 } },
    ],
    [
      "{type: schedule, rules: [{cron: '0 8 * * *', min: 3}]}",
      { type: "schedule", timeZone: "UTC", rules: [{ cron: "0 8 * * *", min: 3, max: null }] },
    ],
    [
      "{type: schedule, timezone: America/New_York, rules: [{cron: '* 8-17 * * mon-fri', min: 4, max: 9}]}",
      {
        type: "schedule",
        timeZone: "America/New_York",
        rules: [{ cron: "* 8-17 * * mon-fri", min: 4, max: 9 }],
      },
    ],
    ["{type: command, command: size it}", { type: "command", command: ["size", "it"], ...commandDefaults }],
    [
      "{type: command, command: [size], mode: lines, timeout: 1s, on_failure: hold}",
      { type: "command", command: ["size"], mode: "lines", timeoutMs: 1000, onFailure: { kind: "hold" } },
    ],
    [
      `{type: max, of: [{type: fixed}, {type: command, command: size}]}`,
      { type: "max", of: [{ type: "fixed" }, { type: "command", command: ["size"], ...commandDefaults }] },
    ],
  ])("%s", (text, expected) => {
    expect(scaling(`strategy: ${text}`)).toEqual(scalingSpec({ strategy: expected }));
  });

  test("service runs the words of its id", () => {
    const result = parse(
      "consumers: {a: {command: [x], autoscaler: {min: 0, max: 2, strategy: {type: service, id: bin/size 'of a', mode: lines}}}}",
    );
    const [consumer] = result.ok ? result.spec.consumers : [];
    expect(consumer?.size).toEqual({
      kind: "autoscaled",
      min: 0,
      max: 2,
      scaling: scalingSpec({ strategy: { type: "command", command: ["bin/size", "of a"], ...commandDefaults } }),
    });
  });
});

describe("a queue", () => {
  test.each<[string, QueueSpec]>([
    ["{redis: redis://u:p@h:1/2, list: l}", { kind: "redis", url: "redis://u:p@h:1/2", shape: "list", key: "l" }],
    ["{redis: rediss://h, sorted_set: z}", { kind: "redis", url: "rediss://h", shape: "sorted_set", key: "z" }],
    ["{redis: redis:///run/r.sock, list: l}", { kind: "redis", url: "redis:///run/r.sock", shape: "list", key: "l" }],
    [
      "{redis: redis://h, stream: s, group: g}",
      { kind: "redis", url: "redis://h", shape: "stream", key: "s", group: "g" },
    ],
    ["{sql: 'sqlite://x.db', query: select 1}", { kind: "sql", url: "sqlite://x.db", query: "select 1" }],
    [
      "{sql: 'postgresql://u:p@h/d?serverVersion=16&sslmode=require&charset=utf8', query: select 1}",
      { kind: "sql", url: "postgresql://u:p@h/d?sslmode=require", query: "select 1" },
    ],
    ["{sql: 'mysql://h/d?serverVersion=8', query: select 1}", { kind: "sql", url: "mysql://h/d", query: "select 1" }],
    ["{rabbitmq: http://h:15672, queue: q}", { kind: "rabbitmq", url: "http://h:15672", vhost: "/", queue: "q" }],
    [
      "{rabbitmq: http://h:15672, queue: q, vhost: v}",
      { kind: "rabbitmq", url: "http://h:15672", vhost: "v", queue: "q" },
    ],
    ["{prometheus: https://h, query: up}", { kind: "prometheus", url: "https://h", query: "up" }],
    ["{http: http://h/n}", { kind: "http", url: "http://h/n", headers: {}, path: [] }],
    [
      `{http: http://h/n, path: 'a.b-c[0]["d.e"].f', headers: {X: 1}}`,
      { kind: "http", url: "http://h/n", headers: { X: "1" }, path: ["a", "b-c", 0, "d.e", "f"] },
    ],
    ["{http: http://h/n, path: '[2].n'}", { kind: "http", url: "http://h/n", headers: {}, path: [2, "n"] }],
    ["{command: [count, -a]}", { kind: "command", command: ["count", "-a"] }],
  ])("%s", (text, expected) => {
    const found = scaling(`strategy: {type: queue, per_worker: 1, queues: ${text}}`)?.strategy;
    expect(found).toEqual({ type: "queue", ...queueDefaults, perWorker: 1, queues: [expected] });
  });

  const stream = { kind: "redis", shape: "stream", key: "messages", group: "symfony" } as const;
  test.each<[string, QueueSpec]>([
    ["redis://localhost:6379", { ...stream, url: "redis://localhost:6379/0" }],
    ["redis://localhost:6379/", { ...stream, url: "redis://localhost:6379/0" }],
    ["redis://h/jobs", { ...stream, url: "redis://h/0", key: "jobs" }],
    ["redis://h/jobs/workers/me", { ...stream, url: "redis://h/0", key: "jobs", group: "workers" }],
    ["redis://h?stream=jobs&group=workers&dbindex=3", { ...stream, url: "redis://h/3", key: "jobs", group: "workers" }],
    ["redis://h/path/of?stream=query&group=query", { ...stream, url: "redis://h/0", key: "path", group: "of" }],
    ["redis://u:p%40@h", { ...stream, url: "redis://u:p%40@h/0" }],
    ["redis://p@h", { ...stream, url: "redis://:p@h/0" }],
    ["redis://u:p@h?auth=x%2Fy", { ...stream, url: "redis://:x%2Fy@h/0" }],
    ["rediss://h:6380/jobs", { ...stream, url: "rediss://h:6380/0", key: "jobs" }],
    ["valkey://h", { ...stream, url: "redis://h/0" }],
    ["redis:///run/r.sock?stream=jobs", { ...stream, url: "redis+unix:///run/r.sock", key: "jobs" }],
  ])("behind the Messenger transport %s is a stream", (dsn, expected) => {
    const found = scaling(`strategy: {type: queue, per_worker: 1, queues: {messenger: '${dsn}'}}`)?.strategy;
    expect(found).toEqual({ type: "queue", ...queueDefaults, perWorker: 1, queues: [expected] });
  });

  test.each([
    [
      "doctrine://default",
      "postgresql://u:p@h/d?serverVersion=16",
      "postgresql://u:p@h/d",
      "SELECT COUNT(*) FROM messenger_messages WHERE queue_name = 'default' AND delivered_at IS NULL AND available_at <= (now() AT TIME ZONE 'utc')",
    ],
    [
      "doctrine://other?table_name=app.jobs&queue_name=high",
      "mysql://h/d",
      "mysql://h/d",
      "SELECT COUNT(*) FROM app.jobs WHERE queue_name = 'high' AND delivered_at IS NULL AND available_at <= utc_timestamp()",
    ],
    [
      "doctrine://default?queue_name=low",
      "sqlite:////srv/app/var/data.db",
      "sqlite:////srv/app/var/data.db",
      "SELECT COUNT(*) FROM messenger_messages WHERE queue_name = 'low' AND delivered_at IS NULL AND available_at <= datetime('now')",
    ],
  ])("behind the Messenger transport %s is a table of %s", (dsn, database, url, query) => {
    const found = scaling(
      `strategy: {type: queue, per_worker: 1, queues: {messenger: {dsn: '${dsn}', database: '${database}'}}}`,
    )?.strategy;
    expect(found).toMatchObject({ queues: [{ kind: "sql", url, query }] });
  });
});

describe("damping", () => {
  test.each<[string, Partial<DampingSpec>]>([
    ["{}", {}],
    ["", {}],
    ["{tolerance: 0.1, warm_up: 20s, paused: true}", { tolerance: 0.1, warmUpMs: 20_000, paused: true }],
    ["{stabilization: {up: 15, down: 5m}}", { upWindowMs: 15_000, downWindowMs: 300_000 }],
    [
      "{policies: {up: [{workers: 4, period: 15s}, {percent: 100, period: 15s}], down: {percent: 2.5, period: 1m}, select: min}}",
      {
        upPolicies: [
          { kind: "workers", value: 4, periodMs: 15_000 },
          { kind: "percent", value: 100, periodMs: 15_000 },
        ],
        downPolicies: [{ kind: "percent", value: 2.5, periodMs: 60_000 }],
        select: "min",
      },
    ],
    ["{panic: {}}", { panic: { threshold: 2, windowMs: 60_000 } }],
    ["{panic: null}", {}],
    ["{panic: {threshold: 1.5, window: 2m}}", { panic: { threshold: 1.5, windowMs: 120_000 } }],
  ])("%s", (text, expected) => {
    expect(scaling("strategy: {type: fixed}", `damping: ${text}`)).toEqual(
      scalingSpec({ damping: { ...dampingDefaults, ...expected } }),
    );
  });
});

describe("no workers at all", () => {
  test.each([
    `{type: queue, per_worker: 1, ${aQueue}}`,
    "{type: schedule, rules: [{cron: '0 8 * * *', min: 1}]}",
    "{type: command, command: size}",
    `{type: max, of: [{type: utilization}, {type: queue, per_worker: 1, ${aQueue}}]}`,
  ])("is a minimum that %s can leave", (strategy) => {
    expect(size("min: 0", "max: 2", `strategy: ${strategy}`)).toMatchObject({ kind: "autoscaled", min: 0, max: 2 });
  });

  test("counts as nothing under total_cap", () => {
    const text = `total_cap: 1\nconsumers:\n  a: {command: [x]}\n  b: {command: [x], autoscaler: {min: 0, max: 2, strategy: {type: queue, per_worker: 1, ${aQueue}}}}`;
    expect(parse(text).ok).toBe(true);
  });
});
