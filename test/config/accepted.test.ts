import { describe, expect, test } from "bun:test";
import type { ConsumerSpec, FarmSpec } from "../../src/core/farm/spec.ts";
import { dampingDefaults, processDefaults } from "../support/specs.ts";
import { issuesOf, parse } from "./source.ts";

/** The farm of a text that is in order. */
function farm(text: string, given: Parameters<typeof parse>[1] = {}): FarmSpec {
  const result = parse(text, given);
  if (!result.ok) throw new Error(issuesOf(result).join("\n"));
  return result.spec;
}

const consumer = (body: string, given: Parameters<typeof parse>[1] = {}): ConsumerSpec =>
  farm(`consumers:\n  a:\n    command: [x]\n    ${body.replaceAll("\n", "\n    ")}\n`, given).consumers[0]!;

const symfony = (body: string): ConsumerSpec =>
  farm(`consumers:\n  a:\n    transports: [t]\n    ${body}\n`).consumers[0]!;

/** Everything that holds when a consumer names nothing but its command. */
const plain: ConsumerSpec = {
  name: "a",
  command: ["x"],
  preset: null,
  transports: [],
  size: { kind: "static", processes: 1 },
  cwd: "/home/me",
  env: {},
  uid: null,
  gid: null,
  process: processDefaults,
  cgroup: null,
  stopSignal: "SIGTERM",
  stopTimeoutMs: 30_000,
  restart: {
    policy: "always",
    minUptimeMs: 1000,
    successCodes: [],
    neverRestartCodes: [],
    failureLimit: 3,
    failureWindowMs: 60_000,
    backoffBaseMs: 1000,
    backoffMaxMs: 30_000,
    backoffJitter: 0.1,
    onFailureLimit: "retry",
    essential: false,
  },
  recycle: { maxLifetimeMs: null, maxMemoryBytes: null, maxIdleMs: null },
  liveness: { pingTimeoutMs: null, maxMessageTimeMs: null, noProgressMs: null },
  ready: { when: "started" },
  logs: { format: "auto", fields: {}, maxLineBytes: 1_048_576, partialFlushMs: null },
  tasks: null,
  hooks: [],
  mtime: null,
  origin: "file",
};

describe("defaults", () => {
  test("hold for everything that the file does not name", () => {
    expect(farm("consumers: {a: {command: [x]}}")).toEqual({
      file: "/srv/app/pm.yaml",
      shutdownTimeoutMs: 30_000,
      totalCap: null,
      autoscalerIntervalMs: 10_000,
      hostBrake: true,
      http: { host: "127.0.0.1", port: 9100 },
      messageMetrics: {
        enabled: true,
        whitelist: [],
        durationBucketsSeconds: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
      },
      onSlowSink: "block",
      control: { socket: null, mode: 0o600 },
      taskServer: null,
      reloadOnChange: false,
      source: null,
      cluster: null,
      hooks: [],
      consumers: [plain],
    });
  });

  test("of an autoscaler are those of the bundle", () => {
    expect(consumer("autoscaler: {min: 1, max: 4, strategy: {type: utilization}}").size).toEqual({
      kind: "autoscaled",
      min: 1,
      max: 4,
      scaling: {
        priority: 0,
        smoothingWindowMs: 30_000,
        scaleUpCooldownMs: 30_000,
        scaleDownCooldownMs: 300_000,
        scaleUpStep: 2,
        scaleDownStep: 1,
        strategy: { type: "utilization", target: 0.7, scaleUpThreshold: 0.7, scaleDownThreshold: 0.35 },
        damping: dampingDefaults,
      },
    });
  });

  test("of stop_timeout is the farm's shutdown_timeout", () => {
    expect(farm("shutdown_timeout: 5m\nconsumers: {a: {command: x}}").consumers[0]?.stopTimeoutMs).toBe(300_000);
  });
});

describe("forms that mean the same", () => {
  test.each<[string, Partial<ConsumerSpec>]>([
    ["processes: 3", { size: { kind: "static", processes: 3 } }],
    ["processes: null", {}],
    ["autoscaler: null", {}],
    ["transports: t", { transports: ["t"] }],
    ["cwd: sub/dir", { cwd: "/srv/app/sub/dir" }],
    ["cwd: /abs", { cwd: "/abs" }],
    ["env: {A: 1.10, B: true, C: '', D: 0x1F, E: $$x}", { env: { A: "1.10", B: "true", C: "", D: "0x1F", E: "$x" } }],
    ["stop_signal: int", { stopSignal: "SIGINT" }],
    ["stop_signal: SIGUSR1", { stopSignal: "SIGUSR1" }],
    ["stop_timeout: 2s", { stopTimeoutMs: 2000 }],
    [
      "max_memory: 256M\nmax_lifetime: 1d\nmax_idle: 1.5",
      { recycle: { maxMemoryBytes: 268_435_456, maxLifetimeMs: 86_400_000, maxIdleMs: 1500 } },
    ],
    [
      "liveness: {ping_timeout: 10, no_progress: 1m}",
      { liveness: { pingTimeoutMs: 10_000, maxMessageTimeMs: null, noProgressMs: 60_000 } },
    ],
    ["liveness:", {}],
    ["ready: protocol", { ready: { when: "protocol" } }],
    ["ready: {after: 2s}", { ready: { when: "after", delayMs: 2000 } }],
    ["ready: 'after: 500ms'", { ready: { when: "after", delayMs: 500 } }],
    ["ready: {log: '^up$'}", { ready: { when: "log", pattern: "^up$" } }],
    ["ready:\n  log: listening", { ready: { when: "log", pattern: "listening" } }],
    ["user: www-data", { uid: 33, gid: 34 }],
    ["user: root", { uid: 0, gid: 0, process: { ...processDefaults, userGroups: [34] } }],
    ["user: root\ngroups: adm", { uid: 0, gid: 0, process: { ...processDefaults, groups: [4], userGroups: [34] } }],
    ["groups: [adm, 7]", { process: { ...processDefaults, groups: [4, 7] } }],
    ["groups: []", { process: { ...processDefaults, groups: [] } }],
    ...["027", "0027", "'027'", "27", "0o27"].map((mask): [string, Partial<ConsumerSpec>] => [
      `umask: ${mask}`,
      { process: { ...processDefaults, umask: 0o27 } },
    ]),
    ["umask: 0", { process: { ...processDefaults, umask: 0 } }],
    ["nice: -20", { process: { ...processDefaults, nice: -20 } }],
    ["oom_score_adj: 0", { process: { ...processDefaults, oomScoreAdj: 0 } }],
    ["no_new_privileges: true", { process: { ...processDefaults, noNewPrivileges: true } }],
    ["rlimits: {}", {}],
    ["rlimits: {core: null}", {}],
    ["rlimits: {nofile: 64}", { process: { ...processDefaults, rlimits: { nofile: { soft: 64, hard: 64 } } } }],
    ["rlimits: {core: unlimited}", { process: { ...processDefaults, rlimits: { core: { soft: null, hard: null } } } }],
    [
      "rlimits: {as: {soft: 1M, hard: unlimited}, cpu: 1m}",
      {
        process: { ...processDefaults, rlimits: { as: { soft: 1_048_576, hard: null }, cpu: { soft: 60, hard: 60 } } },
      },
    ],
    ["cgroup: {}", { cgroup: { memoryMaxBytes: null, cpuMax: null, pidsMax: null } }],
    ["cgroup: {memory_max: 64M, cpu_max: 0.5}", { cgroup: { memoryMaxBytes: 67_108_864, cpuMax: 0.5, pidsMax: null } }],
    ["user: 33", { uid: 33, gid: 34 }],
    ["user: 4711", { uid: 4711, gid: null }],
    ["user: www-data\ngroup: adm", { uid: 33, gid: 4 }],
    ["group: 5", { gid: 5 }],
  ])("%s", (body, expected) => {
    expect(consumer(body)).toEqual({ ...plain, ...expected });
  });

  test("of a command: a text is split like words of a shell, a list may hold numbers", () => {
    expect(farm(`consumers: {a: {command: "php 'my worker.php' --x"}}`).consumers[0]?.command).toEqual([
      "php",
      "my worker.php",
      "--x",
    ]);
    expect(farm("consumers: {a: {command: [sleep, 1.50]}}").consumers[0]?.command).toEqual(["sleep", "1.50"]);
  });

  test("logs of a consumer win over those of the farm key by key, and fields are added", () => {
    const text =
      "logs: {format: raw, max_line: 2K, fields: {x: '{pid}', y: a}}\nconsumers: {a: {command: [x], logs: {format: json, fields: {y: b}}}}";
    expect(farm(text).consumers[0]?.logs).toEqual({
      format: "json",
      maxLineBytes: 2048,
      partialFlushMs: null,
      fields: { x: "{pid}", y: "b" },
    });
  });

  test("http_server: false turns it off, and an empty one keeps the defaults", () => {
    expect(farm("http_server: false\nconsumers: {a: {command: [x]}}").http).toBeNull();
    expect(farm("http_server:\nconsumers: {a: {command: [x]}}").http?.port).toBe(9100);
  });

  test("env wins over env_file, and a later env_file over an earlier one", () => {
    const files = { "/srv/app/a.env": "A=1\nB=1\nC=1\n", "/srv/app/b.env": "B=2\nC=2" };
    expect(consumer("env_file: [a.env, b.env]\nenv: {C: 3}", { files }).env).toEqual({ A: "1", B: "2", C: "3" });
    expect(consumer("env_file: a.env", { files }).env).toEqual({ A: "1", B: "1", C: "1" });
  });

  test("anchors and merge keys share settings, and own keys win", () => {
    const text = "consumers:\n  a: &base {command: [x], env: {A: 1}, processes: 2}\n  b: {<<: *base, processes: 3}\n";
    expect(farm(text).consumers.map(({ name, size, env }) => [name, size, env])).toEqual([
      ["a", { kind: "static", processes: 2 }, { A: "1" }],
      ["b", { kind: "static", processes: 3 }, { A: "1" }],
    ]);
  });

  test("a number, a boolean and a duration may come from the environment", () => {
    const env = { PORT: "8080", ON: "true", WAIT: "90", CODE: "0123" };
    const text =
      'http_server: {port: "${PORT}"}\nshutdown_timeout: ${WAIT}\nconsumers: {a: {command: [x, "${CODE}"], essential: "${ON}"}}';
    const { http, shutdownTimeoutMs, consumers } = farm(text, { env });
    expect([http?.port, shutdownTimeoutMs, consumers[0]?.command, consumers[0]?.restart.essential]).toEqual([
      8080,
      90_000,
      ["x", "0123"],
      true,
    ]);
  });

  test("keys and comments are not filled in", () => {
    expect(consumer("# ${NONE}\nenv: {'${NONE}': x}").env).toEqual({ "${NONE}": "x" });
  });

  test("a failure window is long enough when it is longer than the delays", () => {
    expect(consumer("failure_window: 7001ms").restart.failureWindowMs).toBe(7001);
    expect(issuesOf(parse("consumers: {a: {command: [x], failure_window: 7}}"))[0]).toContain("sum to 7s");
  });

  test("a million failures mean that pm never gives up", () => {
    expect(consumer("failure_limit: 1000000").restart.failureLimit).toBe(1_000_000);
  });
});

describe("the Symfony preset", () => {
  const command = ["php", "bin/console", "messenger:consume", "t"];
  test.each([
    ["processes: 1", []],
    ["consume_args: {memory_limit: 128}", ["--memory-limit=128M"]],
    ["consume_args: {memory_limit: 64MiB}", ["--memory-limit=64M"]],
    ["consume_args: {memory_limit: 1024}", ["--memory-limit=1G"]],
    ["consume_args: {time_limit: 1h, limit: 10, sleep: 0.5}", ["--time-limit=3600", "--limit=10", "--sleep=0.5"]],
    ["consume_args: {queues: [a, b], extra: [-vv, '--x y']}", ["--queues=a", "--queues=b", "-vv", "--x y"]],
  ])("%s", (body, args) => {
    const { preset, command: argv } = symfony(body);
    expect([preset, argv]).toEqual(["symfony-messenger", [...command, ...args]]);
  });
});

describe("the file of the Symfony bundle", () => {
  test("is accepted as it is, from any working directory", async () => {
    // The path is that of the file beside this test, a copy of the farm of a real application.
    const text = await Bun.file(new URL("symfony_process_manager.yaml", import.meta.url)).text();
    const result = parse(text, { file: "app/config/packages/symfony_process_manager.yaml" });
    expect(issuesOf(result)).toEqual([]);
    const spec = farm(text, { file: "app/config/packages/symfony_process_manager.yaml" });
    const php = ["php", "bin/console", "messenger:consume"];
    expect({ ...spec, consumers: [] }).toEqual({
      file: "/home/me/app/config/packages/symfony_process_manager.yaml",
      shutdownTimeoutMs: 20_000,
      totalCap: 12,
      autoscalerIntervalMs: 2000,
      hostBrake: true,
      http: { host: "127.0.0.1", port: 9100 },
      messageMetrics: {
        enabled: true,
        whitelist: ["Job", "App\\Message\\*"],
        durationBucketsSeconds: [0.01, 0.1, 0.5, 1, 5],
      },
      onSlowSink: "block",
      control: { socket: null, mode: 0o600 },
      taskServer: null,
      reloadOnChange: false,
      source: null,
      cluster: null,
      hooks: [],
      consumers: [],
    });
    const common: ConsumerSpec = {
      ...plain,
      preset: "symfony-messenger",
      cwd: "/home/me/app",
      stopTimeoutMs: 20_000,
      restart: { ...plain.restart, onFailureLimit: "exit" },
    };
    const scaling = {
      priority: 0,
      smoothingWindowMs: 30_000,
      scaleUpCooldownMs: 30_000,
      scaleDownCooldownMs: 300_000,
      scaleUpStep: 2,
      scaleDownStep: 1,
      damping: dampingDefaults,
    };
    expect(spec.consumers).toEqual([
      {
        ...common,
        name: "async",
        transports: ["async"],
        command: [...php, "async", "--memory-limit=128M", "--time-limit=300", "--limit=500", "--sleep=1", "--no-reset"],
        size: { kind: "static", processes: 2 },
        restart: { ...common.restart, failureLimit: 5, failureWindowMs: 30_000, backoffMaxMs: 10_000 },
      },
      {
        ...common,
        name: "ingest",
        transports: ["orders", "payments"],
        command: [...php, "orders", "payments"],
        size: { kind: "static", processes: 2 },
      },
      {
        ...common,
        name: "priority",
        transports: ["priority"],
        command: [...php, "priority"],
        size: {
          kind: "autoscaled",
          min: 1,
          max: 6,
          scaling: {
            priority: 10,
            smoothingWindowMs: 10_000,
            scaleUpCooldownMs: 4000,
            scaleDownCooldownMs: 20_000,
            scaleUpStep: 2,
            scaleDownStep: 1,
            strategy: { type: "utilization", target: 0.7, scaleUpThreshold: 0.7, scaleDownThreshold: 0.35 },
            damping: dampingDefaults,
          },
        },
      },
      {
        ...common,
        name: "failed",
        transports: ["failed"],
        command: [...php, "failed"],
        size: {
          kind: "autoscaled",
          min: 1,
          max: 2,
          scaling: {
            ...scaling,
            strategy: { type: "utilization", target: 0.7, scaleUpThreshold: 0.8, scaleDownThreshold: 0.3 },
          },
        },
      },
    ]);
  });

  test.each([
    ["/app/config/packages/prod/spm.yaml", "/app"],
    ["/app/config/spm.yaml", "/app"],
    ["/config/app/config/spm.yaml", "/config/app"],
    ["/etc/spm.yaml", "/etc"],
  ])("%s runs in %s", (file, cwd) => {
    expect(farm("symfony_process_manager: {consumers: {a: {transports: t}}}", { file }).consumers[0]?.cwd).toBe(cwd);
  });

  test("takes the new keys of pm and Symfony's own notation of parameters", () => {
    const text =
      "symfony_process_manager: {consumers: {a: {command: ['%kernel.project_dir%/w', '%env(int:N)%'], on_failure_limit: park}}}";
    const [only] = farm(text, { file: "/app/config/x.yaml", env: { N: "7" } }).consumers;
    expect([only?.command, only?.restart.onFailureLimit, only?.preset]).toEqual([["/app/w", "7"], "park", null]);
  });
});

describe("warnings", () => {
  const messenger =
    "framework: {messenger: {transports: {async: x, failed: x}}}\nwhen@prod: {framework: {messenger: {transports: {prod: x}}}}";
  test.each([
    [
      "consumers:\n  a: {command: [x], stop_timeout: 1m}",
      "2:35: warning: consumers.a.stop_timeout: ",
      "1m is longer than shutdown_timeout 30s; the shutdown waits for the longer one",
    ],
    ["consumers:\n  a: {command: [x], stop_timeout: 0}", "2:35: warning: consumers.a.stop_timeout: ", "for ever"],
    [
      "consumers:\n  a: {command: [x], restart: never, on_failure_limit: park}",
      "2:37: warning: consumers.a.on_failure_limit: ",
      "no effect with restart: never",
    ],
    [
      "consumers:\n  a: {transports: [t], consume_args: {memory_limit: 134217728}}",
      "2:53: warning: consumers.a.consume_args.memory_limit: ",
      "write a unit, such as 128M",
    ],
    [
      "consumers:\n  a: {command: [x], autoscaler: {min: 1, max: 2, strategy: {type: service, id: app.s}}}",
      "2:67: warning: consumers.a.autoscaler.strategy.type: ",
      "it runs the id as a program that reads a snapshot as JSON and prints a number; write type: command",
    ],
    [
      "consumers:\n  a: {transports: [async, asinc, scheduler_x, prod], cwd: /app}",
      "2:27: warning: consumers.a.transports[1]: ",
      "did you mean async?",
    ],
  ])("%j", (text, where, said) => {
    const result = parse(text, { files: { "/app/config/packages/messenger.yaml": messenger } });
    expect(result.ok).toBe(true);
    const issues = issuesOf(result);
    expect(issues).toHaveLength(1);
    expect(issues[0]).toStartWith(where);
    expect(issues[0]).toContain(said);
  });

  test.each([
    "control: false\nconsumers: {a: {command: [x]}}",
    "shutdown_timeout: 0\nconsumers: {a: {command: [x], stop_timeout: 1h}}",
  ])("none for %j", (text) => {
    expect(issuesOf(parse(text))).toEqual([]);
  });
});

describe("the control socket", () => {
  test.each<[string, FarmSpec["control"]]>([
    ["control: false", null],
    ["control: {}", { socket: null, mode: 0o600 }],
    ["control: {mode: 0660, socket: /run/pm.sock}", { socket: "/run/pm.sock", mode: 0o660 }],
    ["control: {mode: 0o640, socket: run/pm.sock}", { socket: "/srv/app/run/pm.sock", mode: 0o640 }],
  ])("%s", (line, control) => {
    expect(farm(`${line}\nconsumers: {a: {command: [x]}}`).control).toEqual(control);
  });
});
