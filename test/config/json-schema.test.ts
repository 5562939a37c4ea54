import { describe, expect, test } from "bun:test";
import { parse as parseYaml } from "yaml";
import { jsonSchema } from "../../src/config/json-schema.ts";
import { starterConfig } from "../../src/config/starter.ts";
import { record, satisfies } from "./satisfies.ts";
import { samples } from "./samples.ts";
import { issuesOf, parse } from "./source.ts";

const schema = jsonSchema();
const accepted = (text: string): boolean => satisfies(parseYaml(text, { merge: true }), schema);

/** The schema of a key, through whatever wraps the mappings above it. */
function find(node: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return node;
  const rule = record(node);
  const next = name === "*" ? rule["additionalProperties"] : record(rule["properties"])[name];
  if (next !== undefined) return find(next, rest);
  const wrapped: readonly unknown[] = Array.isArray(rule["anyOf"]) ? rule["anyOf"] : [];
  return wrapped.map((each) => find(each, path)).find((each) => each !== undefined);
}

const farmPaths = `
  shutdown_timeout total_cap autoscaler_interval_sec host_brake http_server.host http_server.port reload_on_change control.socket control.mode
  metrics.messages.enabled metrics.messages.whitelist metrics.messages.duration_buckets
  logs.format logs.fields logs.max_line logs.partial_flush logs.on_slow_sink
  source.command source.mode source.interval source.timeout
  cluster.nodes cluster.self cluster.by cluster.share cluster.file
  hooks.worker_failed hooks.worker_failed.command hooks.worker_failed.limit.per hooks.reload_failed hooks.farm_started
  hooks.farm_stopping task_server.host task_server.port task_server.token`;
const consumerPaths = `
  command preset transports processes cwd env env_file user group stop_signal stop_timeout min_uptime restart
  exit_codes.success exit_codes.never_restart failure_limit failure_window backoff_base backoff_max backoff_jitter
  groups umask nice oom_score_adj no_new_privileges rlimits.nofile rlimits.cpu rlimits.sigpending cgroup.memory_max
  cgroup.cpu_max cgroup.pids_max poll_interval_ms on_failure_limit essential max_lifetime max_memory max_idle ready
  liveness.ping_timeout liveness.max_message_time liveness.no_progress
  logs.format logs.fields logs.max_line logs.partial_flush
  tasks.protocol tasks.mailbox_limit tasks.dispatch tasks.timeout tasks.retries tasks.concurrency tasks.prefetch
  tasks.max_tasks tasks.max_size tasks.address tasks.connections tasks.script tasks.params tasks.from.redis
  tasks.from.list tasks.from.stream tasks.from.group tasks.from.field tasks.from.format tasks.from.max_attempts
  tasks.from.dead_letter tasks.from.reclaim
  consume_args.memory_limit consume_args.time_limit consume_args.limit consume_args.sleep consume_args.queues
  consume_args.extra autoscaler.min autoscaler.max autoscaler.priority autoscaler.smoothing_window_sec
  autoscaler.scale_up_cooldown_sec autoscaler.scale_down_cooldown_sec autoscaler.scale_up_step
  autoscaler.scale_down_step autoscaler.strategy.type autoscaler.strategy.target
  autoscaler.strategy.scale_up_threshold autoscaler.strategy.scale_down_threshold autoscaler.strategy.id
  autoscaler.strategy.queues autoscaler.strategy.per_worker autoscaler.strategy.max_wait autoscaler.strategy.timezone
  autoscaler.strategy.rules autoscaler.strategy.command autoscaler.strategy.mode autoscaler.strategy.timeout
  autoscaler.strategy.on_failure autoscaler.strategy.of autoscaler.strategy.queues.redis
  autoscaler.strategy.queues.list autoscaler.strategy.queues.sorted_set autoscaler.strategy.queues.stream
  autoscaler.strategy.queues.group autoscaler.strategy.queues.sql autoscaler.strategy.queues.rabbitmq
  autoscaler.strategy.queues.queue autoscaler.strategy.queues.vhost autoscaler.strategy.queues.prometheus
  autoscaler.strategy.queues.query autoscaler.strategy.queues.http autoscaler.strategy.queues.path
  autoscaler.strategy.queues.headers autoscaler.strategy.queues.command autoscaler.strategy.queues.messenger
  autoscaler.strategy.queues.messenger.dsn autoscaler.strategy.queues.messenger.database
  autoscaler.damping.tolerance autoscaler.damping.stabilization.up autoscaler.damping.stabilization.down
  autoscaler.damping.policies.up autoscaler.damping.policies.down autoscaler.damping.policies.select
  autoscaler.damping.warm_up autoscaler.damping.panic.threshold autoscaler.damping.panic.window
  autoscaler.damping.paused hooks.worker_failed hooks.limit_reached hooks.consumer_parked hooks.consumer_recovered hooks.scaled
  hooks.drain_stuck hooks.worker_killed hooks.worker_replaced hooks.messages_lost hooks.scaled.command hooks.scaled.webhook
  hooks.scaled.headers hooks.scaled.timeout hooks.scaled.limit.runs hooks.scaled.stderr_lines`;
const words = (text: string): string[] => text.trim().split(/\s+/u);
const keys = [...words(farmPaths), ...words(consumerPaths).map((path) => `consumers.*.${path}`)];

/** As if the user had taken the # from every key that is commented out. */
const uncommented = (text: string): string => text.replaceAll(/^( *)# (\w+: )/gmu, "$1$2");

describe("jsonSchema", () => {
  test.each(keys)("describes %s", (path) => {
    const found = record(find(record(schema["definitions"])["farm"], path.split(".")));
    expect(found["description"]).toEqual(expect.stringMatching(/\S.*\.$/u));
  });

  test("carries the defaults", () => {
    const farm = record(schema["definitions"])["farm"];
    expect(record(find(farm, ["shutdown_timeout"]))["default"]).toBe("30s");
    expect(record(find(farm, ["consumers", "*", "backoff_jitter"]))["default"]).toBe(0.1);
  });

  test.each(Object.keys(samples))("is satisfied by a file that is in order: %s", (name) => {
    expect(accepted(samples[name]!)).toBe(true);
  });

  test.each([
    "consumers: {}",
    "source: {mode: poll}",
    "consumers: {a: {command: x}}\ncluster: {nodes: []}",
    "totl_cap: 1\nconsumers: {a: {command: x}}",
    "total_cap: x\nconsumers: {a: {command: x}}",
    "consumers: {a: {command: [x], tasks: 1}}",
    "consumers: {a: {command: [x], tasks: {}}}",
    "consumers: {a: {command: [x], tasks: {protocol: grpc}}}",
    "consumers: {a: {command: [x], tasks: {protocol: jsonl, prefetch: many}}}",
    "consumers: {a: {command: [x], tasks: {protocol: jsonl, from: {list: a}}}}",
    "consumers: {a: {command: [x]}}\ntask_server: {port: 1}",
    "symfony_process_manager: {consumers: {a: {transports: t}}}\ntotal_cap: 1",
    "consumers: {a: {command: [x], restart: no}}",
    "consumers: {a: {command: [x], hooks: {farm_started: {command: x}}}}",
    "http_server: {port: 65536}\nconsumers: {a: {command: x}}",
    "consumers: {a: {command: x, autoscaler: {min: 1, max: 2, strategy: {type: max, of: [{type: max}]}}}}",
    "consumers: {a: {command: x, autoscaler: {min: 1, max: 2, strategy: {type: queue, queues: {lst: x}}}}}",
  ])("is not satisfied by %j", (text) => {
    expect(accepted(text)).toBe(false);
  });
});

describe("starterConfig", () => {
  test.each([null, "symfony-messenger"] as const)("is in order, without warnings, for the preset %p", (preset) => {
    const result = parse(starterConfig(preset));
    expect([result.ok, issuesOf(result)]).toEqual([true, []]);
    expect(accepted(starterConfig(preset))).toBe(true);
  });

  test.each([null, "symfony-messenger"] as const)("names only keys that are right, for the preset %p", (preset) => {
    const text = uncommented(starterConfig(preset));
    expect(text).toContain("\nshutdown_timeout: 30s\n");
    expect(issuesOf(parse(text)).filter((issue) => !issue.includes("warning"))).toEqual([]);
  });
});
