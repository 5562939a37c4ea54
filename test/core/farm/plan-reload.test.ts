import { describe, expect, test } from "bun:test";
import { isEmpty, planReload } from "../../../src/core/farm/plan-reload.ts";
import type { ConsumerChange } from "../../../src/core/farm/reload-plan.ts";
import type {
  ConsumerSpec,
  FarmSpec,
  LivenessSpec,
  LogSpec,
  RecycleSpec,
  RestartSpec,
} from "../../../src/core/farm/spec.ts";
import type { FastcgiSpec, TasksSpec } from "../../../src/core/farm/tasks-spec.ts";
import {
  autoscaled,
  consumerSpec,
  farmSpec,
  fastcgiSpec,
  processDefaults,
  restartDefaults,
  tasksSpec,
} from "../../support/specs.ts";

const hook = {
  on: "scaled",
  action: { kind: "command", command: ["tell"] },
  timeoutMs: 1_000,
  limit: { runs: 1, periodMs: 1_000 },
  stderrLines: 0,
} as const;

const before = consumerSpec({ mtime: 5 });

function changeOf(after: ConsumerSpec): ConsumerChange | undefined {
  return planReload(farmSpec([before]), farmSpec([after])).consumers[0];
}

type Expected = readonly [kind: ConsumerChange["kind"], keys: readonly string[]];

/** A row for every member there is: one that is new does not compile until somebody has said what its change means. */
const members: { readonly [M in Exclude<keyof ConsumerSpec, "name">]-?: readonly [ConsumerSpec[M], Expected] } = {
  command: [["other"], ["restart", ["command"]]],
  preset: ["symfony-messenger", ["restart", ["preset"]]],
  transports: [["other"], ["adjusted", ["transports"]]],
  size: [{ kind: "static", processes: 4 }, ["resized", ["processes"]]],
  cwd: ["/other", ["restart", ["cwd"]]],
  env: [{ LEVEL: "debug" }, ["restart", ["env.LEVEL"]]],
  uid: [1, ["restart", ["user"]]],
  gid: [1, ["restart", ["group"]]],
  process: [
    { ...processDefaults, umask: 0o27, oomScoreAdj: 7, userGroups: [7], noNewPrivileges: true },
    ["restart", ["umask", "oom_score_adj", "groups", "no_new_privileges"]],
  ],
  cgroup: [{ memoryMaxBytes: null, cpuMax: 2, pidsMax: null }, ["restart", ["cgroup"]]],
  stopSignal: ["SIGINT", ["adjusted", ["stop_signal"]]],
  stopTimeoutMs: [1, ["adjusted", ["stop_timeout"]]],
  restart: [{ ...restartDefaults, backoffBaseMs: 7 }, ["adjusted", ["backoff_base"]]],
  recycle: [{ ...before.recycle, maxMemoryBytes: 7 }, ["adjusted", ["max_memory"]]],
  liveness: [{ ...before.liveness, noProgressMs: 7 }, ["adjusted", ["liveness.no_progress"]]],
  ready: [{ when: "protocol" }, ["adjusted", ["ready"]]],
  logs: [{ ...before.logs, format: "raw" }, ["restart", ["logs.format"]]],
  tasks: [tasksSpec(), ["restart", ["tasks"]]],
  hooks: [[hook], ["adjusted", ["hooks"]]],
  mtime: [6, ["restart", ["mtime"]]],
  origin: ["source", ["adjusted", ["source"]]],
};

describe("a changed member of a consumer", () => {
  test.each(Object.entries(members))("%s", (member, [value, [kind, keys]]) => {
    expect(changeOf({ ...before, [member]: value })).toMatchObject({ consumer: "async", kind, keys });
  });

  test("the table has all there are", () => {
    expect(Object.keys(members).toSorted()).toEqual(
      Object.keys(before)
        .filter((member) => member !== "name")
        .toSorted(),
    );
  });
});

const restartNames: { readonly [M in keyof RestartSpec]-?: readonly [RestartSpec[M], string] } = {
  policy: ["never", "restart"],
  minUptimeMs: [7, "min_uptime"],
  successCodes: [[7], "exit_codes.success"],
  neverRestartCodes: [[7], "exit_codes.never_restart"],
  failureLimit: [7, "failure_limit"],
  failureWindowMs: [7, "failure_window"],
  backoffBaseMs: [7, "backoff_base"],
  backoffMaxMs: [7, "backoff_max"],
  backoffJitter: [0.5, "backoff_jitter"],
  onFailureLimit: ["exit", "on_failure_limit"],
  essential: [true, "essential"],
};
const recycleNames: { readonly [M in keyof RecycleSpec]-?: readonly [RecycleSpec[M], string] } = {
  maxLifetimeMs: [7, "max_lifetime"],
  maxMemoryBytes: [7, "max_memory"],
  maxIdleMs: [7, "max_idle"],
};
const livenessNames: { readonly [M in keyof LivenessSpec]-?: readonly [LivenessSpec[M], string] } = {
  pingTimeoutMs: [7, "liveness.ping_timeout"],
  maxMessageTimeMs: [7, "liveness.max_message_time"],
  noProgressMs: [7, "liveness.no_progress"],
};
const logNames: { readonly [M in keyof LogSpec]-?: readonly [LogSpec[M], string] } = {
  format: ["json", "logs.format"],
  fields: [{ a: "b" }, "logs.fields"],
  maxLineBytes: [7, "logs.max_line"],
  partialFlushMs: [7, "logs.partial_flush"],
};

test.each(
  Object.entries({ restart: restartNames, recycle: recycleNames, liveness: livenessNames, logs: logNames }).flatMap(
    ([block, names]) =>
      Object.entries(names).map(([member, [value, name]]): [string, string, unknown, string] => [
        block,
        member,
        value,
        name,
      ]),
  ),
)("%s.%s = %p is told by its name in the file: %s", (block, member, value, name) => {
  const blocks = new Map<string, object>(Object.entries(before).filter(([, each]) => typeof each === "object"));
  expect(changeOf({ ...before, [block]: { ...blocks.get(block), [member]: value } })?.keys).toEqual([name]);
});

const from = {
  url: "redis://h",
  shape: { kind: "list", key: "k" },
  format: "json",
  maxAttempts: 1,
  deadLetter: "d",
  reclaimMs: 1,
} as const;

const taskMembers: {
  readonly [M in Exclude<keyof TasksSpec, "fastcgi">]-?: readonly [TasksSpec[M], ConsumerChange["kind"], string];
} = {
  protocol: ["fastcgi", "restart", "tasks.protocol"],
  mailboxLimit: [7, "adjusted", "tasks.mailbox_limit"],
  dispatch: ["round_robin", "adjusted", "tasks.dispatch"],
  timeoutMs: [7, "adjusted", "tasks.timeout"],
  retries: [7, "adjusted", "tasks.retries"],
  concurrency: [7, "restart", "tasks.concurrency"],
  prefetch: [7, "adjusted", "tasks.prefetch"],
  maxTasks: [7, "adjusted", "tasks.max_tasks"],
  maxBytes: [7, "adjusted", "tasks.max_size"],
  from: [from, "adjusted", "tasks.from"],
};
const fastcgiMembers: { readonly [M in keyof FastcgiSpec]-?: readonly [FastcgiSpec[M], string] } = {
  address: [{ kind: "tcp", host: "h", port: 1 }, "tasks.address"],
  connections: [7, "tasks.connections"],
  script: ["/other.php", "tasks.script"],
  params: [{ A: "b" }, "tasks.params"],
};

const withTasks = (tasks: TasksSpec | null): ConsumerSpec => ({ ...before, tasks });

const change = (had: TasksSpec | null, has: TasksSpec | null): ConsumerChange | undefined =>
  planReload(farmSpec([withTasks(had)]), farmSpec([withTasks(has)])).consumers[0];

describe("changed tasks", () => {
  test.each(Object.entries(taskMembers))("%s", (member, [value, kind, key]) => {
    expect(change(tasksSpec(), { ...tasksSpec(), [member]: value })).toMatchObject({ kind, keys: [key] });
  });

  test.each(Object.entries(fastcgiMembers))("%s of fastcgi", (member, [value, key]) => {
    const fastcgi = fastcgiSpec();
    const had = tasksSpec({ protocol: "fastcgi", fastcgi });
    const has = { ...had, fastcgi: { ...fastcgi, [member]: value } };
    expect(change(had, has)).toMatchObject({ kind: "adjusted", keys: [key] });
  });

  test("of another protocol are told once", () => {
    const has = tasksSpec({ protocol: "fastcgi", fastcgi: fastcgiSpec() });
    expect(change(tasksSpec(), has)).toMatchObject({ kind: "restart", keys: ["tasks.protocol"] });
  });

  test("that are gone need other processes", () => {
    expect(change(tasksSpec(), null)).toMatchObject({ kind: "restart", keys: ["tasks"] });
  });

  test("of a server that takes the place of workers need none of these", () => {
    const had = withTasks(tasksSpec({ protocol: "fastcgi", fastcgi: fastcgiSpec({ address: null }) }));
    const has = { ...had, command: [], tasks: tasksSpec({ protocol: "fastcgi", fastcgi: fastcgiSpec() }) };
    expect(planReload(farmSpec([had]), farmSpec([has])).consumers[0]).toMatchObject({
      kind: "restart",
      keys: ["command", "tasks.address"],
    });
  });
});

const farmMembers: {
  readonly [M in Exclude<keyof FarmSpec, "file" | "consumers">]-?: readonly [FarmSpec[M], "now" | "at start", string];
} = {
  shutdownTimeoutMs: [7, "now", "shutdown_timeout"],
  totalCap: [7, "now", "total_cap"],
  autoscalerIntervalMs: [7, "now", "autoscaler_interval_sec"],
  hostBrake: [false, "now", "host_brake"],
  http: [{ host: "::1", port: 0 }, "at start", "http_server"],
  messageMetrics: [{ enabled: false, whitelist: [], durationBucketsSeconds: [] }, "at start", "metrics"],
  onSlowSink: ["drop", "at start", "logs.on_slow_sink"],
  control: [{ socket: null, mode: 0o600 }, "at start", "control"],
  taskServer: [{ host: "::1", port: 0, token: "t" }, "at start", "task_server"],
  reloadOnChange: [true, "now", "reload_on_change"],
  source: [{ command: ["x"], mode: "push", intervalMs: 1, timeoutMs: 1, cwd: "/" }, "now", "source"],
  cluster: [{ nodes: ["a"], self: "a", by: "modulo", share: "workers" }, "now", "cluster"],
  hooks: [[hook], "now", "hooks"],
};

describe("a changed member of the farm", () => {
  test.each(Object.entries(farmMembers))("%s", (member, [value, when, name]) => {
    const plan = planReload(farmSpec([before]), { ...farmSpec([before]), [member]: value });
    expect(plan.consumers).toEqual([]);
    expect(when === "now" ? plan.farmKeys : plan.needsNewStart).toEqual([name]);
    expect(plan.farmKeys.length + plan.needsNewStart.length).toBe(1);
  });

  test("the table has all there are", () => {
    expect([...Object.keys(farmMembers), "consumers", "file"].toSorted()).toEqual(Object.keys(farmSpec([])).toSorted());
  });
});

test("added, removed, restarted and untouched consumers, in the order of the new file, removed ones last", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => consumerSpec({ name }));
  const plan = planReload(
    farmSpec([a!, b!, c!]),
    farmSpec([consumerSpec({ name: "d", size: autoscaled(1, 4) }), { ...c!, cwd: "/x" }, { ...b! }]),
  );
  expect(plan.consumers).toEqual([
    { consumer: "d", kind: "added", keys: [], sizeBefore: null, sizeAfter: "1..4" },
    { consumer: "c", kind: "restart", keys: ["cwd"], sizeBefore: "1", sizeAfter: "1" },
    { consumer: "a", kind: "removed", keys: [], sizeBefore: "1", sizeAfter: null },
  ]);
});

test("what is the same in another order is no change", () => {
  const env = { A: "1", B: "2" };
  const again = { ...consumerSpec({ env: { B: "2", A: "1" } }) };
  const plan = planReload(farmSpec([consumerSpec({ env }), consumerSpec({ name: "b" })]), {
    ...farmSpec([consumerSpec({ name: "b" }), again]),
  });
  expect(isEmpty(plan)).toBe(true);
});

test.each([
  [null, 5, "a first one"],
  [5, null, "a lost one"],
  [5, 4, "a smaller one"],
  [5, 5, "the same"],
])("an mtime of %p and then %p is no growth: %s", (was, is) => {
  const plan = planReload(farmSpec([consumerSpec({ mtime: was })]), farmSpec([consumerSpec({ mtime: is })]));
  expect(isEmpty(plan)).toBe(true);
});

test("a change of process, rules and size at once is a restart that tells all of it", () => {
  const after = { ...before, command: ["x"], stopTimeoutMs: 1, size: autoscaled(2, 3) };
  expect(changeOf(after)).toEqual({
    consumer: "async",
    kind: "restart",
    keys: ["command", "stop_timeout", "autoscaler"],
    sizeBefore: "1",
    sizeAfter: "2..3",
  });
});

test("another strategy of the same bounds is a resize", () => {
  const plan = planReload(
    farmSpec([consumerSpec({ size: autoscaled(1, 4) })]),
    farmSpec([consumerSpec({ size: autoscaled(1, 4, { priority: 9 }) })]),
  );
  expect(plan.consumers).toMatchObject([{ kind: "resized", keys: ["autoscaler"], sizeBefore: "1..4" }]);
});

test("names of variables are told as they are, values never", () => {
  const env = { camelCase: "s3cret-old", TOKEN: "s3cret-old", KEPT: "x" };
  const after = { ...before, env: { camelCase: "s3cret-new", KEPT: "x", NEW: "s3cret-new" } };
  const plan = planReload(farmSpec([{ ...before, env }]), farmSpec([after]));
  expect(plan.consumers[0]?.keys).toEqual(["env.camelCase", "env.TOKEN", "env.NEW"]);
  const source = { command: ["x", "s3cret"], mode: "poll", intervalMs: 1, timeoutMs: 1, cwd: "/" } as const;
  const webhook = { ...hook, action: { kind: "webhook", url: "http://u:s3cret@h", headers: {} } } as const;
  const farm = planReload(
    farmSpec([before]),
    farmSpec([{ ...before, command: ["s3cret"], hooks: [webhook] }], { source }),
  );
  expect(JSON.stringify([plan, farm])).not.toContain("s3cret");
});
