import { describe, expect, test } from "bun:test";
import { issuesOf, parse } from "./source.ts";

/** A consumer that is in order, for what stands around it. */
const fine = "\nconsumers: {a: {command: [x]}}";
/** One consumer with these lines below its command, the first of which is line 4. */
const consumer = (...lines: string[]): string =>
  ["consumers:", "  a:", "    command: [x]", ...lines.map((line) => `    ${line}`)].join("\n");
/** The same for a Symfony worker. */
const symfony = (...lines: string[]): string =>
  ["consumers:", "  a:", "    transports: [t]", ...lines.map((line) => `    ${line}`)].join("\n");
const scaled = (...lines: string[]): string => consumer("autoscaler:", ...lines.map((line) => `  ${line}`));

/** What the file is, its text, where the problem is, and a part of what is said (with what to do). */
const broken: readonly (readonly [what: string, text: string, where: string, said: string])[] = [
  // The file as such
  ["an empty file", "", "1:1: ", "the file is empty; write at least consumers:, or start from `pm init`"],
  ["only comments", "# nothing\n", "1:1: ", "the file is empty"],
  ["a list", "- a\n", "1:1: ", "the file must be a mapping"],
  ["an indentation by tab", "consumers:\n\ta: 1", "2:1: ", "indentation by a tab; use spaces"],
  ["a colon in a bare value", "a: b: c\n", "1:4: ", "put a value that holds ': ' in quotes"],
  ["an unclosed quote", "consumers:\n  a: {command: 'x}\n", "3:1: ", "look for a missing quote"],
  ["crooked indentation", "consumers:\n   a: {}\n  b: {}\n", "3:1: ", "align it with its siblings"],
  [
    "a bare ${…} inside braces",
    "http_server: {port: ${PORT}}",
    "1:22: ",
    "a bare ${…} inside [ ] or { }; put it in quotes",
  ],
  ["a value with a reserved first character", "total_cap: @x" + fine, "1:12: ", "put the value in quotes"],
  ["a tag of Symfony", "total_cap: !php/const X" + fine, "1:12: ", "no such tag (!name); remove it"],
  ["two documents", `total_cap: 1${fine}\n---\na: 1`, "3:1: ", "keep one document"],
  ["an unknown anchor", "total_cap: *cap" + fine, "1:12: total_cap: ", "no anchor &cap above; define it"],
  [
    "an alias that holds itself",
    "metrics: &m {messages: *m}" + fine,
    "1:24: metrics.messages: ",
    "holds itself through an alias",
  ],
  [
    "a key given twice",
    "total_cap: 1\ntotal_cap: 2" + fine,
    "2:1: total_cap: ",
    "is given twice, first in line 1; keep one",
  ],
  ["a mapping as a key", "? {a: 1}\n: 2" + fine, "1:3: ", "a key must be plain text"],
  [
    "a merge of something that is no mapping",
    `\nconsumers: {a: {<<: [1], command: [x]}}`,
    '2:22: consumers.a["<<"]: ',
    "write <<: *name",
  ],
  [
    "keys of both shapes",
    "total_cap: 3\nsymfony_process_manager: {consumers: {a: {transports: t}}}",
    "1:1: total_cap: ",
    "cannot stand beside symfony_process_manager; move it under",
  ],
  // Keys
  ["a misspelt key", "totl_cap: 3" + fine, "1:1: totl_cap: ", "unknown key, did you mean total_cap?"],
  [
    "a misspelt key of a consumer",
    consumer("backof_base: 1"),
    "4:5: consumers.a.backof_base: ",
    "did you mean backoff_base?",
  ],
  ["a misspelt key inside braces", "http_server: { hots: x }" + fine, "1:16: http_server.hots: ", "did you mean host?"],
  [
    "a key that is like no other",
    "zzz: 3" + fine,
    "1:1: zzz: ",
    "unknown key; remove it (`pm schema` lists the known ones)",
  ],
  [
    "a key of a consumer that is like no other",
    consumer("zzzzzz: 3"),
    "4:5: consumers.a.zzzzzz: ",
    "unknown key; remove it (`pm schema` lists the known ones)",
  ],
  ["a key one level too high", "port: 80" + fine, "1:1: port: ", "it belongs under http_server"],
  [
    "a key one level too low",
    consumer("total_cap: 3"),
    "4:5: consumers.a.total_cap: ",
    "it belongs under the top of the file",
  ],
  [
    "a key of logs that only the farm has",
    consumer("logs: {on_slow_sink: drop}"),
    "4:12: consumers.a.logs.on_slow_sink: ",
    "belongs under logs at the top",
  ],
  ["no consumers", "total_cap: 3\n", "1:1: consumers: ", "is missing; add it"],
  ["empty consumers", "consumers: {}\n", "1:12: consumers: ", "at least one of the consumers; add one"],
  ["consumers without a value", "consumers:\n", "1:1: consumers: ", "at least one"],
  [
    "a consumer that is no mapping",
    "consumers:\n  a: php x.php",
    "2:6: consumers.a: ",
    'must be a mapping with keys such as command, found "php x.php"',
  ],
  [
    "a blank in the name of a consumer",
    "consumers: {'a b': {command: [x]}}",
    '1:13: consumers["a b"]: ',
    "use - or _ instead",
  ],
  [
    "a colon in the name of a consumer",
    "consumers: {'a:1': {command: [x]}}",
    '1:13: consumers["a:1"]: ',
    "use - or _ instead",
  ],
  ["a consumer without a name", "consumers: {'': {command: [x]}}", '1:13: consumers[""]: ', "needs a name"],
  // Numbers, durations, sizes, words
  [
    "a word for a number",
    "total_cap: many" + fine,
    "1:12: total_cap: ",
    'must be a whole number of 1 or more, found "many"',
  ],
  ["a number in quotes", 'total_cap: "3"' + fine, "1:12: total_cap: ", "remove the quotes"],
  ["zero for a cap", "total_cap: 0" + fine, "1:12: total_cap: ", "of 1 or more, found 0"],
  [
    "a fraction for a count",
    consumer("processes: 1.5"),
    "4:16: consumers.a.processes: ",
    "a whole number of 1 or more, found 1.5",
  ],
  [
    "nothing for a number",
    consumer("failure_limit:"),
    "4:5: consumers.a.failure_limit: ",
    "must be a whole number of 1 or more, found nothing",
  ],
  [
    "infinity",
    consumer("backoff_jitter: .inf"),
    "4:21: consumers.a.backoff_jitter: ",
    "a number from 0 to 1, found .inf",
  ],
  [
    "a port beyond all ports",
    "http_server: {port: 65536}" + fine,
    "1:21: http_server.port: ",
    "from 0 to 65535, found 65536",
  ],
  ["a negative duration", "shutdown_timeout: -1" + fine, "1:19: shutdown_timeout: ", "a duration is never negative"],
  [
    "a duration that is not a number",
    "shutdown_timeout: .nan" + fine,
    "1:19: shutdown_timeout: ",
    "write seconds, or text such as 500ms",
  ],
  ["an unknown unit of time", consumer("max_idle: 5min"), "4:15: consumers.a.max_idle: ", "unknown unit min; write 5m"],
  ["a list for a duration", consumer("max_idle: [1]"), "4:15: consumers.a.max_idle: ", "found a list; write seconds"],
  ["zero for a window", consumer("failure_window: 0"), "4:21: consumers.a.failure_window: ", "of 1ms or more"],
  [
    "an unknown unit of size",
    consumer("max_memory: 128Q"),
    "4:17: consumers.a.max_memory: ",
    "the units are K, M, G and T",
  ],
  [
    "a line longer than pm holds",
    consumer("logs: {max_line: 65MiB}"),
    "4:22: consumers.a.logs.max_line: ",
    "must be a size of 64 to 64M",
  ],
  [
    "megabytes without a unit",
    consumer("max_memory: 128"),
    "4:17: consumers.a.max_memory: ",
    "a bare number is bytes; write 128M",
  ],
  [
    "yes for true",
    consumer("essential: yes"),
    "4:16: consumers.a.essential: ",
    'true or false, found "yes"; write true',
  ],
  ["no for a switched-off server", "http_server: no" + fine, "1:14: http_server: ", "write false"],
  ["no for never", consumer("restart: no"), "4:14: consumers.a.restart: ", "did you mean never?"],
  ["a misspelt word", consumer("restart: on_failure"), "4:14: consumers.a.restart: ", "did you mean on-failure?"],
  [
    "a host with its port",
    "http_server: {host: '127.0.0.1:80'}" + fine,
    "1:21: http_server.host: ",
    "goes to http_server.port",
  ],
  [
    "a jitter above one",
    consumer("backoff_jitter: 1.1"),
    "4:21: consumers.a.backoff_jitter: ",
    "from 0 to 1, found 1.1",
  ],
  [
    "no buckets",
    "metrics: {messages: {duration_buckets: []}}" + fine,
    "1:40: metrics.messages.duration_buckets: ",
    "name at least one",
  ],
  [
    "a bucket that is no number",
    "metrics: {messages: {duration_buckets: [1, x]}}" + fine,
    "1:44: metrics.messages.duration_buckets[1]: ",
    'a number above 0, found "x"',
  ],
  // What runs
  ["nothing to run", "consumers:\n  a: {processes: 2}", "2:3: consumers.a: ", "has nothing to run; add command:"],
  ["a consumer without a value", "consumers:\n  a:\n", "2:3: consumers.a: ", "has nothing to run"],
  [
    "a preset without transports",
    "consumers:\n  a:\n    preset: symfony-messenger",
    "2:3: consumers.a.transports: ",
    "name at least one transport",
  ],
  ["no transports", "consumers:\n  a: {transports: []}", "2:19: consumers.a.transports: ", "must not be empty"],
  [
    "a transport given twice",
    "consumers:\n  a: {transports: [t, u, t]}",
    "2:26: consumers.a.transports[2]: ",
    "is there already as item 1; remove one",
  ],
  [
    "a transport that is a mapping",
    "consumers:\n  a: {transports: [t, {u: 1}]}",
    "2:23: consumers.a.transports[1]: ",
    "must be text, found a mapping",
  ],
  [
    "command and preset",
    consumer("preset: symfony-messenger"),
    "4:5: consumers.a.preset: ",
    "together with command; remove one",
  ],
  ["an unknown preset", symfony("preset: symfonie"), "4:13: consumers.a.preset: ", "must be symfony-messenger, found"],
  [
    "consume_args of a command",
    consumer("consume_args: {limit: 1}"),
    "4:5: consumers.a.consume_args: ",
    "write the options into command",
  ],
  ["an empty command", "consumers: {a: {command: []}}", "1:26: consumers.a.command: ", "must not be empty"],
  ["an empty program", "consumers: {a: {command: ['', b]}}", "1:27: consumers.a.command[0]: ", "name it"],
  [
    "a shell pipe in a command",
    "consumers: {a: {command: a | b}}",
    "1:26: consumers.a.command: ",
    'write [sh, -c, "…"]',
  ],
  [
    "an unclosed quote in a command",
    `consumers: {a: {command: "a 'b"}}`,
    "1:26: consumers.a.command: ",
    "is never closed",
  ],
  [
    "a half second of time_limit",
    symfony("consume_args: {time_limit: 1500ms}"),
    "4:32: consumers.a.consume_args.time_limit: ",
    "must be whole seconds",
  ],
  [
    "an environment variable without a value",
    consumer("env:", "  A:"),
    "5:7: consumers.a.env.A: ",
    "has no value; write '' for empty",
  ],
  [
    "an environment variable that pm sets",
    consumer("env: {PM_IPC_FD: 4}"),
    "4:11: consumers.a.env.PM_IPC_FD: ",
    "pm sets this variable by itself",
  ],
  [
    "a list as an environment variable",
    consumer("env: {A: [1]}"),
    "4:14: consumers.a.env.A: ",
    "must be text, found a list",
  ],
  [
    "an env file that is not there",
    consumer("env_file: [.env]"),
    "4:16: consumers.a.env_file[0]: ",
    "cannot be read; create it",
  ],
  [
    "an unknown user",
    consumer("user: nobody-here"),
    "4:11: consumers.a.user: ",
    'no user "nobody-here" in /etc/passwd; create it, or write a numeric id',
  ],
  [
    "an unknown group",
    consumer("group: nobody-here"),
    "4:12: consumers.a.group: ",
    'no group "nobody-here" in /etc/group',
  ],
  [
    "an unknown group among more",
    consumer("groups: [adm, nobody-here]"),
    "4:19: consumers.a.groups[1]: ",
    'no group "nobody-here" in /etc/group; create it, or write a numeric id',
  ],
  [
    "a mask that is not octal",
    consumer("umask: 028"),
    "4:12: consumers.a.umask: ",
    "must be a mask in octal; write one",
  ],
  ["a mask in symbols", consumer("umask: u=rwx"), "4:12: consumers.a.umask: ", "must be a mask in octal"],
  ["a mask of special bits", consumer("umask: 1022"), "4:12: consumers.a.umask: ", "masks no more than 0777"],
  ["a nice value out of range", consumer("nice: 20"), "4:11: consumers.a.nice: ", "from -20 to 19, found 20"],
  ["a score out of range", consumer("oom_score_adj: 1001"), "4:20: consumers.a.oom_score_adj: ", "from -1000 to 1000"],
  [
    "a limit nobody knows",
    consumer("rlimits: {nofiles: 5}"),
    "4:15: consumers.a.rlimits.nofiles: ",
    "did you mean nofile?",
  ],
  ["no limit as -1", consumer("rlimits: {core: -1}"), "4:21: consumers.a.rlimits.core: ", "found -1; write unlimited"],
  ["no limit as a word", consumer("rlimits: {as: infinity}"), "4:19: consumers.a.rlimits.as: ", "write unlimited"],
  ["a limit in another unit", consumer("rlimits: {nofile: 1K}"), "4:23: consumers.a.rlimits.nofile: ", "whole number"],
  [
    "a soft limit above the hard one",
    consumer("rlimits: {nofile: {soft: 20, hard: 10}}"),
    "4:30: consumers.a.rlimits.nofile.soft: ",
    "is more than hard; lower soft, or raise hard",
  ],
  [
    "a soft limit alone",
    consumer("rlimits: {nofile: {soft: 20}}"),
    "4:15: consumers.a.rlimits.nofile.hard: ",
    "is missing",
  ],
  ["a group of too little memory", consumer("cgroup: {memory_max: 5}"), "4:26: consumers.a.cgroup.memory_max: ", "5M"],
  ["a group without processors", consumer("cgroup: {cpu_max: 0}"), "4:23: consumers.a.cgroup.cpu_max: ", "found 0"],
  ["a negative user", consumer("user: -1"), "4:11: consumers.a.user: ", "must be a name or a numeric id"],
  ["a tilde", consumer("cwd: ~/app"), "4:10: consumers.a.cwd: ", "write ${HOME}"],
  [
    "KILL as the stop signal",
    consumer("stop_signal: kill"),
    "4:18: consumers.a.stop_signal: ",
    "SIGKILL cannot be caught, so no worker could finish its work; use TERM",
  ],
  ["a misspelt signal", consumer("stop_signal: SIGTREM"), "4:18: consumers.a.stop_signal: ", "did you mean TERM?"],
  ["a signal by number", consumer("stop_signal: 15"), "4:18: consumers.a.stop_signal: ", "write TERM"],
  [
    "an exit code beyond 255",
    consumer("exit_codes: {success: [256]}"),
    "4:28: consumers.a.exit_codes.success[0]: ",
    "from 0 to 255, found 256",
  ],
  [
    "an exit code that means both",
    consumer("exit_codes: {success: [3, 4], never_restart: [4]}"),
    "4:51: consumers.a.exit_codes.never_restart[0]: ",
    "4 is also in exit_codes.success; keep it in one",
  ],
  [
    "an invalid regular expression",
    consumer("ready: {log: 'a('}"),
    "4:18: consumers.a.ready.log: ",
    "is not a valid regular expression",
  ],
  [
    "an unknown kind of readiness",
    consumer("ready: healthy"),
    "4:12: consumers.a.ready: ",
    "must be started, protocol, {after: 2s} or {log: regular expression}",
  ],
  [
    "an unknown placeholder",
    "logs: {fields: {x: '{host}'}}" + fine,
    "1:20: logs.fields.x: ",
    "use only {worker_id}, {consumer}, {slot}, {pid}, {stream}",
  ],
  [
    "a field that pm sets",
    "logs: {fields: {worker_id: x}}" + fine,
    "1:17: logs.fields.worker_id: ",
    "choose another name",
  ],
  // Environment
  [
    "an unset variable",
    "total_cap: ${CAP}" + fine,
    "1:12: total_cap: ",
    "the environment variable CAP is not set; set it, or write ${CAP:-default}",
  ],
  [
    "a variable that must be set",
    "total_cap: ${CAP:?see the wiki}" + fine,
    "1:12: total_cap: ",
    "CAP must be set: see the wiki",
  ],
  [
    "a variable of the wrong kind",
    "total_cap: ${SECRET}" + fine,
    "1:12: total_cap: ",
    "a whole number of 1 or more, found something else in the environment",
  ],
  [
    "a parameter of Symfony",
    "symfony_process_manager:\n  consumers: {a: {transports: '%app.t%'}}",
    "2:31: symfony_process_manager.consumers.a.transports: ",
    "write the value itself",
  ],
  // Combinations
  [
    "processes and autoscaler",
    scaled("min: 1", "max: 2", "strategy: {type: fixed}") + "\n    processes: 2",
    "8:5: consumers.a.processes: ",
    "together with autoscaler; remove one",
  ],
  [
    "an autoscaler without max",
    scaled("min: 1", "strategy: {type: fixed}"),
    "4:5: consumers.a.autoscaler.max: ",
    "is missing; add it",
  ],
  [
    "an autoscaler without a strategy",
    scaled("min: 1", "max: 1"),
    "4:5: consumers.a.autoscaler.strategy: ",
    "is missing",
  ],
  [
    "min above max",
    scaled("min: 3", "max: 2", "strategy: {type: fixed}"),
    "5:12: consumers.a.autoscaler.min: ",
    "min 3 is more than max 2; lower min or raise max",
  ],
  [
    "min 0",
    scaled("min: 0", "max: 2", "strategy: {type: fixed}"),
    "5:12: consumers.a.autoscaler.min: ",
    "0 needs a strategy that sees work while no worker runs: queue, schedule or command; use one of them, or write 1",
  ],
  [
    "an unknown strategy",
    scaled("min: 1", "max: 2", "strategy: {type: utilisation}"),
    "7:24: consumers.a.autoscaler.strategy.type: ",
    "did you mean utilization?",
  ],
  [
    "a service without an id",
    scaled("min: 1", "max: 2", "strategy: {type: service}"),
    "7:7: consumers.a.autoscaler.strategy.id: ",
    "is missing; a strategy of type service needs",
  ],
  [
    "a target of 0",
    scaled("min: 1", "max: 2", "strategy: {type: utilization, target: 0}"),
    "7:45: consumers.a.autoscaler.strategy.target: ",
    "above 0 and up to 1, found 0",
  ],
  [
    "down above up",
    scaled("min: 1", "max: 2", "strategy: {type: utilization, scale_up_threshold: 0.4, scale_down_threshold: 0.5}"),
    "7:84: consumers.a.autoscaler.strategy.scale_down_threshold: ",
    "scale_down_threshold 0.5 is above scale_up_threshold 0.4",
  ],
  [
    "down above the derived up",
    scaled("min: 1", "max: 2", "strategy: {type: utilization, scale_down_threshold: 0.8}"),
    "7:59: consumers.a.autoscaler.strategy.scale_down_threshold: ",
    "above scale_up_threshold 0.7 (derived: equal to the default target 0.7)",
  ],
  [
    "the derived down above up",
    scaled("min: 1", "max: 2", "strategy: {type: utilization, target: 0.8, scale_up_threshold: 0.3}"),
    "7:70: consumers.a.autoscaler.strategy.scale_up_threshold: ",
    "scale_down_threshold 0.4 (derived: half of target 0.8) is above scale_up_threshold 0.3",
  ],
  [
    "minimums above the cap",
    "total_cap: 3\nconsumers:\n  b: {command: [x], processes: 2}\n  a: {command: [x], autoscaler: {min: 2, max: 4, strategy: {type: fixed}}}\n  c: {command: [x]}",
    "1:12: total_cap: ",
    "total_cap 3 is less than the sum of the minimums, 5 (b processes=2, a min=2, c processes=1); raise total_cap to 5",
  ],
  [
    "a base above the longest delay",
    consumer("backoff_base: 1m"),
    "4:19: consumers.a.backoff_base: ",
    "backoff_base 1m is longer than backoff_max 30s; lower",
  ],
  [
    "a longest delay below the base",
    consumer("backoff_max: 500ms"),
    "4:18: consumers.a.backoff_max: ",
    "backoff_base 1s is longer than backoff_max 500ms",
  ],
  [
    "a limit out of reach",
    consumer("failure_limit: 5", "failure_window: 30"),
    "5:21: consumers.a.failure_window: ",
    "sum to 31s, and failure_window is 30s; set failure_window longer than 31s, or a lower failure_limit",
  ],
  [
    "a limit that became out of reach",
    consumer("failure_limit: 999999"),
    "4:20: consumers.a.failure_limit: ",
    "failure_limit can never be reached",
  ],
  [
    "an uptime above the window",
    consumer("min_uptime: 1m"),
    "4:17: consumers.a.min_uptime: ",
    "min_uptime 1m is not shorter than failure_window 1m",
  ],
];

describe("a broken pm.yaml", () => {
  test.each(broken)("%s", (_, text, where, said) => {
    const issues = issuesOf(parse(text, { env: { SECRET: "hunter2" } }));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toStartWith(where);
    expect(issues[0]).toContain(said);
    expect(issues[0]).not.toContain("\n");
    expect(issues[0]).not.toContain("hunter2");
  });

  test.each(["laravel", "celery", "sidekiq", "bullmq"])("says that the preset %s is for a later version", (name) => {
    const issues = issuesOf(parse(symfony(`preset: ${name}`)));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toContain("not supported by this version of pm yet");
  });

  test("every problem is told at once, in the order of the file", () => {
    const text = `totl_cap: 3
shutdown_timeout: soon
total_cap: 1
http_server: {port: 70000, port: 1}
consumers:
  a:
    command: "x | y"
    backoff_base: 2m
    exit_codes: {success: [300]}
    env: {A: "\${NONE}"}
  b: {command: [x], processes: 2, tasks: 1}
`;
    const places = issuesOf(parse(text)).map((issue) => issue.split(": ", 2).join(" "));
    expect(places).toEqual([
      "1:1 totl_cap",
      "2:19 shutdown_timeout",
      "3:12 total_cap",
      "4:21 http_server.port",
      "4:28 http_server.port",
      "7:14 consumers.a.command",
      "8:19 consumers.a.backoff_base",
      "9:28 consumers.a.exit_codes.success[0]",
      "10:14 consumers.a.env.A",
      "11:42 consumers.b.tasks",
    ]);
  });

  test("an unknown key does not hide what else is wrong beside it", () => {
    const text =
      scaled("min: 1", "max: 2", "x: 1", "strategy: {type: service, y: 1}") +
      "\n    exit_codes: {success: [1], never_restart: [1], z: 1}";
    expect(issuesOf(parse(text))).toHaveLength(5);
  });

  test("a value that is wrong by itself is not compared with others", () => {
    expect(
      issuesOf(parse(consumer("backoff_base: soon", "backoff_max: 500ms", "failure_window: 1ms", "min_uptime: 0"))),
    ).toHaveLength(1);
  });

  test("a wrong value behind an anchor is told where it is written, for each consumer", () => {
    const text = "consumers:\n  a: &a\n    command: [x]\n    processes: 0\n  b:\n    <<: *a\n    command: [y]\n";
    expect(issuesOf(parse(text)).map((issue) => issue.split(": must")[0])).toEqual([
      "4:16: consumers.a.processes",
      "4:16: consumers.b.processes",
    ]);
  });

  test("a wrong value that is an alias is told where it is used", () => {
    expect(issuesOf(parse("shutdown_timeout: &t 0\ntotal_cap: *t" + fine))[0]).toStartWith("2:12: total_cap:");
  });

  test("aliases of aliases do not make it run for ever", () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `k${n + 1}: &k${n + 1} [${Array.from({ length: 10 }, () => `*k${n}`).join(",")}]`,
    );
    expect(issuesOf(parse(["k0: &k0 [1]", ...levels].join("\n")))[0]).toContain("too many values");
  });

  test("a problem inside an env file is told with that file's name and line", () => {
    const result = parse(consumer("env_file: [.env, more.env]"), {
      file: "conf/pm.yaml",
      files: { "/home/me/conf/.env": "A=1\nhunter2", "/home/me/conf/more.env": "B='x" },
    });
    expect(result.ok ? [] : result.issues.map(({ file, line, path }) => [file, line, path])).toEqual([
      ["conf/.env", 2, "consumers.a.env_file[0]"],
      ["conf/more.env", 1, "consumers.a.env_file[1]"],
    ]);
  });

  test("numbers from the environment are not shown by comparisons either", () => {
    const env = { LIMIT: "77", BASE: "7777" };
    const text =
      consumer("failure_limit: ${LIMIT}", "failure_window: 1s", "min_uptime: 0") +
      "\n  b: {command: [x], backoff_base: '${BASE}'}";
    const issues = issuesOf(parse(text, { env }));
    expect(issues).toHaveLength(2);
    expect(issues.join()).not.toMatch(/77|2h/u);
  });
});
