import { describe, expect, test } from "bun:test";
import { renderEffective } from "../../src/config/effective.ts";
import type { FastcgiSpec, TaskServerSpec, TaskSourceSpec, TasksSpec } from "../../src/core/farm/tasks-spec.ts";
import type { ConsumerSpec } from "../../src/core/farm/spec.ts";
import { fastcgiSpec, tasksSpec } from "../support/specs.ts";
import { issuesOf, parse } from "./source.ts";

/** One consumer of this command with these tasks; `tasks` of line 4 begin in column 12. */
const worker = (tasks: string, ...more: string[]): string =>
  ["consumers:", "  a:", "    command: [x]", `    tasks: ${tasks}`, ...more.map((line) => `    ${line}`)].join("\n");
/** The same without a command; `tasks` are in line 3. */
const server = (tasks: string, ...more: string[]): string =>
  ["consumers:", "  a:", `    tasks: ${tasks}`, ...more.map((line) => `    ${line}`)].join("\n");

/** A pool of these tasks whose size follows this strategy. */
const scaled = (tasks: string, ...strategy: string[]): string =>
  worker(tasks, "autoscaler:", "  min: 0", "  max: 3", `  strategy: {${strategy.join(", ")}}`);

/** The consumer of a text that must be in order and beyond doubt. */
function consumer(text: string): ConsumerSpec | undefined {
  const result = parse(text);
  expect(issuesOf(result)).toEqual([]);
  return result.ok ? result.spec.consumers[0] : undefined;
}

const jsonl = (keys: string): string => worker(`{protocol: jsonl, ${keys}}`);
const cgi = (keys: string): string => worker(`{protocol: fastcgi, script: /task.php, ${keys}}`);
const fpm = (keys: string, ...more: string[]): string =>
  server(`{protocol: fastcgi, address: /run/php.sock, script: /task.php, ${keys}}`, ...more);
const fed = (from: string): string => jsonl(`from: {redis: "redis://h", ${from}}`);

describe("tasks", () => {
  test.each<[string, Partial<TasksSpec>]>([
    ["mailbox_limit: 100000", { mailboxLimit: 100_000 }],
    ["dispatch: round_robin", { dispatch: "round_robin" }],
    ["timeout: 250ms", { timeoutMs: 250 }],
    ["timeout: 9", { timeoutMs: 9000 }],
    ["retries: 100", { retries: 100 }],
    ["concurrency: 1000", { concurrency: 1000 }],
    ["prefetch: auto", { prefetch: null }],
    ["prefetch: 0", { prefetch: 0 }],
    ["concurrency: 2, prefetch: 0", { concurrency: 2, prefetch: 0 }],
    ["prefetch: 1000", { prefetch: 1000 }],
    ["max_tasks: 1", { maxTasks: 1 }],
    ["max_tasks: null", { maxTasks: null }],
    ["max_size: 1G", { maxBytes: 1024 ** 3 }],
    ["address: null, from: null", {}],
  ])("{protocol: jsonl, %s}", (keys, expected) => {
    expect(consumer(jsonl(keys))).toMatchObject({
      command: ["x"],
      preset: null,
      size: { kind: "static", processes: 1 },
      tasks: tasksSpec(expected),
    });
  });

  test("are none without the key, and with null", () => {
    expect(consumer("consumers: {a: {command: [x]}}")?.tasks).toBeNull();
    expect(consumer(worker("null"))?.tasks).toBeNull();
  });

  test("may stand beside transports, which are labels", () => {
    expect(consumer(worker("{protocol: jsonl}", "transports: [t]"))).toMatchObject({
      transports: ["t"],
      tasks: tasksSpec(),
    });
  });

  test.each<[string, Partial<FastcgiSpec>]>([
    [
      "params: {A: '', B_C: 'x {payload} {payload.args.0} {} {\"a\": 1}'}",
      {
        params: { A: "", B_C: 'x {payload} {payload.args.0} {} {"a": 1}' },
      },
    ],
    ["params: {}", {}],
  ])("of FastCGI workers: %s", (keys, expected) => {
    const fastcgi = fastcgiSpec({ address: null, connections: 1, script: "/task.php", ...expected });
    expect(consumer(cgi(keys))).toMatchObject({
      command: ["x"],
      size: { kind: "static", processes: 1 },
      tasks: { protocol: "fastcgi", concurrency: 1, prefetch: 0, fastcgi },
    });
  });

  test.each<[string, FastcgiSpec["address"]]>([
    ["unix:/run/php.sock", { kind: "unix", path: "/run/php.sock" }],
    ["/run/php.sock", { kind: "unix", path: "/run/php.sock" }],
    ["127.0.0.1:9000", { kind: "tcp", host: "127.0.0.1", port: 9000 }],
    ["php-fpm:65535", { kind: "tcp", host: "php-fpm", port: 65_535 }],
    ["'[::1]:9000'", { kind: "tcp", host: "::1", port: 9000 }],
  ])("of a server that is there already, at %s, have no workers", (address, expected) => {
    const found = consumer(server(`{protocol: fastcgi, address: ${address}, script: /task.php}`));
    expect(found).toMatchObject({ command: [], preset: null, size: { kind: "static", processes: 0 } });
    expect(found?.tasks?.fastcgi).toEqual(fastcgiSpec({ address: expected, script: "/task.php" }));
  });

  test("over as many connections as are wanted", () => {
    expect(consumer(fpm("connections: 1000"))?.tasks?.fastcgi?.connections).toBe(1000);
  });

  const list: TaskSourceSpec = {
    url: "redis://h",
    shape: { kind: "list", key: "k" },
    format: "json",
    maxAttempts: 5,
    deadLetter: "k:dead",
    reclaimMs: 60_000,
  };
  const stream = { kind: "stream", key: "s", group: "pm", field: "payload" } as const;
  test.each<[string, TaskSourceSpec]>([
    ["list: k", list],
    [
      "list: k, format: text, max_attempts: 1000, dead_letter: d, reclaim: 1s",
      {
        ...list,
        format: "text",
        maxAttempts: 1000,
        deadLetter: "d",
        reclaimMs: 1000,
      },
    ],
    [
      "list: 'queue:default', format: sidekiq",
      {
        ...list,
        shape: { kind: "list", key: "queue:default" },
        format: "sidekiq",
        deadLetter: "dead",
      },
    ],
    ["stream: s", { ...list, shape: stream, deadLetter: "s:dead" }],
    ["stream: s, group: g, field: f", { ...list, shape: { ...stream, group: "g", field: "f" }, deadLetter: "s:dead" }],
  ])("from {redis: …, %s}", (keys, expected) => {
    expect(consumer(fed(keys))?.tasks?.from).toEqual(expected);
  });
});

/** What is wrong, the text, where, and a part of what is said (with what to do). */
const broken: readonly (readonly [what: string, text: string, where: string, said: string])[] = [
  [
    "tasks that are no mapping",
    worker("jsonl"),
    "4:12: consumers.a.tasks: ",
    "must be a mapping with keys such as protocol",
  ],
  ["tasks without a protocol", worker("{}"), "4:5: consumers.a.tasks.protocol: ", "is missing; add it"],
  ...[
    ["json", "jsonl"],
    ["ndjson", "jsonl"],
    ["jsonlines", "jsonl"],
    ["fcgi", "fastcgi"],
    ["fast-cgi", "fastcgi"],
    ["php-fpm", "fastcgi"],
  ].map(
    ([written, meant]) =>
      [
        `the protocol ${written}`,
        worker(`{protocol: ${written}}`),
        "4:23: consumers.a.tasks.protocol: ",
        `must be one of jsonl, fastcgi, found "${written}"; did you mean ${meant}?`,
      ] as const,
  ),
  [
    "an unknown protocol",
    worker("{protocol: grpc}"),
    "4:23: consumers.a.tasks.protocol: ",
    "must be one of jsonl, fastcgi",
  ],
  ["a misspelt key", jsonl("mailbox: 3"), "4:30: consumers.a.tasks.mailbox: ", "unknown key"],
  [
    "a key of the consumer",
    jsonl("processes: 3"),
    "4:30: consumers.a.tasks.processes: ",
    "it belongs under the consumer, beside tasks",
  ],
  [
    "a key one level too high",
    worker("{protocol: jsonl}", "mailbox_limit: 3"),
    "5:5: consumers.a.mailbox_limit: ",
    "it belongs under tasks",
  ],
  [
    "a mailbox of nothing",
    jsonl("mailbox_limit: 0"),
    "4:45: consumers.a.tasks.mailbox_limit: ",
    "from 1 to 100000, found 0",
  ],
  [
    "too large a mailbox",
    jsonl("mailbox_limit: 100001"),
    "4:45: consumers.a.tasks.mailbox_limit: ",
    "from 1 to 100000",
  ],
  [
    "another dispatch",
    jsonl("dispatch: random"),
    "4:40: consumers.a.tasks.dispatch: ",
    "must be one of least_loaded, round_robin",
  ],
  [
    "a misspelt dispatch",
    jsonl("dispatch: least-loaded"),
    "4:40: consumers.a.tasks.dispatch: ",
    "did you mean least_loaded?",
  ],
  ["no time at all", jsonl("timeout: 0"), "4:39: consumers.a.tasks.timeout: ", "a duration of 1ms or more"],
  ["a timeout that is none", jsonl("timeout: soon"), "4:39: consumers.a.tasks.timeout: ", "a duration of 1ms or more"],
  [
    "milliseconds without a unit",
    jsonl("timeout: 30000"),
    "4:39: consumers.a.tasks.timeout: ",
    "so this is 8h20m; write 30s if milliseconds are meant, else 8h20m",
  ],
  ["too many retries", jsonl("retries: 101"), "4:39: consumers.a.tasks.retries: ", "from 0 to 100"],
  ["no concurrency", jsonl("concurrency: 0"), "4:43: consumers.a.tasks.concurrency: ", "from 1 to 1000"],
  [
    "a word for prefetch",
    jsonl("prefetch: many"),
    "4:40: consumers.a.tasks.prefetch: ",
    "must be auto or a whole number from 0 to 1000",
  ],
  ["too much prefetch", jsonl("prefetch: 1001"), "4:40: consumers.a.tasks.prefetch: ", "from 0 to 1000"],
  [
    "prefetch for concurrent tasks",
    jsonl("concurrency: 2, prefetch: 1"),
    "4:46: consumers.a.tasks.prefetch: ",
    "cannot be given together with concurrency",
  ],
  ["no tasks at all", jsonl("max_tasks: 0"), "4:41: consumers.a.tasks.max_tasks: ", "of 1 or more"],
  ["too small a size", jsonl("max_size: 10"), "4:40: consumers.a.tasks.max_size: ", "write 10M for megabytes"],
  ["too large a size", jsonl("max_size: 2G"), "4:40: consumers.a.tasks.max_size: ", "1K to 1G"],
  ...["address: /x", "connections: 2", "script: /x", "params: {}"]
    .map(
      (each) =>
        [
          `${each} with jsonl`,
          jsonl(each),
          `4:30: consumers.a.tasks.${each.replace(/:.*/u, "")}: `,
          // Whoever has an address wants fastcgi, and is told of the command, too.
          "belongs to protocol: fastcgi and means nothing to jsonl; remove it",
        ] as const,
    )
    .slice(1),
  [
    "concurrency with fastcgi",
    cgi("concurrency: 1"),
    "4:51: consumers.a.tasks.concurrency: ",
    "one task at a time; use more processes",
  ],
  [
    "prefetch with fastcgi",
    cgi("prefetch: 0"),
    "4:51: consumers.a.tasks.prefetch: ",
    "means nothing to fastcgi; remove it",
  ],
  [
    "fastcgi without a script",
    worker("{protocol: fastcgi}"),
    "4:5: consumers.a.tasks.script: ",
    "is missing; name the script",
  ],
  [
    "a relative script",
    worker("{protocol: fastcgi, script: task.php}"),
    "4:40: consumers.a.tasks.script: ",
    "must be an absolute path",
  ],
  ["connections to workers", cgi("connections: 8"), "4:51: consumers.a.tasks.connections: ", "needs address"],
  ["no connections", fpm("connections: 0"), "3:88: consumers.a.tasks.connections: ", "from 1 to 1000"],
  [
    "a length in params",
    cgi("params: {CONTENT_LENGTH: 3}"),
    "4:60: consumers.a.tasks.params.CONTENT_LENGTH: ",
    "pm sets this parameter by itself",
  ],
  [
    "a blank in the name of a parameter",
    cgi("params: {'A B': 3}"),
    '4:60: consumers.a.tasks.params["A B"]: ',
    "is no name of a parameter",
  ],
  [
    "an unknown placeholder",
    cgi("params: {A: '{args.0}'}"),
    "4:63: consumers.a.tasks.params.A: ",
    "use only {payload} and {payload.KEY}",
  ],
  ...[
    ["unix:///run/x.sock", "write unix:/run/php/php-fpm.sock"],
    ["unix:run/x.sock", "must be an absolute path"],
    [`unix:/${"x".repeat(107)}`, "is longer than 107 bytes"],
    ["tcp://h:9000", "without a scheme; write host:port"],
    ["9000", "names no host; write 127.0.0.1:9000"],
    ["':9000'", "names no host; write 127.0.0.1:9000"],
    ["localhost", "write one such as unix:/run/php/php-fpm.sock or 127.0.0.1:9000"],
    ["h:0", "no port from 1 to 65535"],
    ["h:65536", "no port from 1 to 65535"],
    ["'::1:9000'", "write one such as"],
    ["''", "write one such as"],
  ].map(
    ([address = "", said = ""]) =>
      [
        `the address ${address}`,
        server(`{protocol: fastcgi, script: /x, address: ${address}}`),
        "3:53: consumers.a.tasks.address: ",
        said,
      ] as const,
  ),
  ...[
    ["command: [x]", "command"],
    ["processes: 2", "processes"],
    ["preset: symfony-messenger", "preset"],
    ["transports: [t]", "transports"],
    ["autoscaler: {min: 1, max: 2, strategy: {type: fixed}}", "autoscaler"],
  ].map(
    ([line = "", name = ""]) =>
      [
        `${name} beside an address`,
        fpm("", line),
        `4:5: consumers.a.${name}: `,
        "cannot be given together with tasks.address, where the work is done by a server that is there already",
      ] as const,
  ),
  [
    "max_tasks beside an address",
    fpm("max_tasks: 1"),
    "3:75: consumers.a.tasks.max_tasks: ",
    "cannot be given together with address",
  ],
  [
    "nothing to run",
    server("{protocol: jsonl}"),
    "2:3: consumers.a: ",
    "has nothing to run; add command: [program, …]",
  ],
  [
    "nothing to run or to reach",
    server("{protocol: fastcgi, script: /x}"),
    "2:3: consumers.a: ",
    "or tasks.address of a server that is there already",
  ],
  [
    "a preset",
    server("{protocol: jsonl}", "preset: symfony-messenger"),
    "3:5: consumers.a.tasks: ",
    "cannot be given together with a preset",
  ],
  [
    "a preset that is implied",
    server("{protocol: jsonl}", "transports: [t]"),
    "3:5: consumers.a.tasks: ",
    "write command: [program, …]",
  ],
  ["a source without a server", jsonl("from: {list: k}"), "4:30: consumers.a.tasks.from.redis: ", "is missing; add it"],
  [
    "a source that is no Redis",
    jsonl("from: {redis: 'amqp://h', list: k}"),
    "4:44: consumers.a.tasks.from.redis: ",
    "must be a URL that begins with redis:",
  ],
  [
    "a source without a queue",
    fed("format: json"),
    "4:36: consumers.a.tasks.from: ",
    "names no queue; add list: KEY, or stream: KEY",
  ],
  [
    "a source with a misspelt queue, once",
    fed("lists: k"),
    "4:57: consumers.a.tasks.from.lists: ",
    "did you mean list?",
  ],
  ["two queues", fed("list: a, stream: b"), "4:66: consumers.a.tasks.from.stream: ", "cannot stand beside list"],
  ["a group of a list", fed("list: a, group: b"), "4:66: consumers.a.tasks.from.group: ", "means nothing to a list"],
  ["a field of a list", fed("list: a, field: b"), "4:66: consumers.a.tasks.from.field: ", "means nothing to a list"],
  [
    "Sidekiq in a stream",
    fed("stream: a, format: sidekiq"),
    "4:57: consumers.a.tasks.from.stream: ",
    "cannot hold jobs of Sidekiq",
  ],
  [
    "another format",
    fed("list: a, format: xml"),
    "4:74: consumers.a.tasks.from.format: ",
    "must be one of json, text, sidekiq",
  ],
  [
    "a format of another name",
    fed("list: a, format: raw"),
    "4:74: consumers.a.tasks.from.format: ",
    "did you mean text?",
  ],
  ["no attempt", fed("list: a, max_attempts: 0"), "4:80: consumers.a.tasks.from.max_attempts: ", "from 1 to 1000"],
  [
    "a dead letter that comes back",
    fed("list: a, dead_letter: a"),
    "4:79: consumers.a.tasks.from.dead_letter: ",
    "is the list itself; name another key",
  ],
  ["too hasty a reclaim", fed("list: a, reclaim: 1ms"), "4:75: consumers.a.tasks.from.reclaim: ", "of 1s or more"],
  [
    "a key of tasks in from",
    fed("list: a, retries: 1"),
    "4:66: consumers.a.tasks.from.retries: ",
    "it belongs under tasks",
  ],
  [
    "a variable pm sets",
    worker("{protocol: jsonl}", "env: {PM_TASKS: x}"),
    "5:11: consumers.a.env.PM_TASKS: ",
    "pm sets this variable by itself",
  ],
];

describe("broken tasks", () => {
  test.each(broken)("%s", (_, text, where, said) => {
    const issues = issuesOf(parse(text));
    expect(issues).toHaveLength(1);
    expect(issues[0]?.replace("warning: ", "")).toStartWith(where);
    expect(issues[0]).toContain(said);
  });

  test("an address with jsonl is told with everything beside it", () => {
    expect(issuesOf(parse(jsonl("address: /x"))).map((issue) => issue.split(": ", 2)[1])).toEqual([
      "consumers.a.command",
      "consumers.a.tasks.address",
    ]);
  });
});

describe("an autoscaler of tasks", () => {
  test.each([
    ["type: queue, per_worker: 5", { perWorker: 5, maxWaitMs: null }],
    ["type: queue, max_wait: 1m", { perWorker: null, maxWaitMs: 60_000 }],
  ])("{%s} goes by the tasks that wait in the consumer itself, from no worker on", (strategy, expected) => {
    expect(consumer(scaled("{protocol: jsonl}", strategy))?.size).toMatchObject({
      kind: "autoscaled",
      min: 0,
      scaling: { strategy: { type: "queue", queues: [{ kind: "tasks" }], ...expected } },
    });
  });

  test("may ask another queue all the same", () => {
    const strategy = "type: queue, per_worker: 5, queues: {redis: 'redis://h', list: k}";
    expect(consumer(scaled("{protocol: jsonl}", strategy))?.size).toMatchObject({
      scaling: { strategy: { queues: [{ kind: "redis", key: "k" }] } },
    });
  });

  test.each([
    [
      "without tasks",
      scaled("null", "type: queue", "per_worker: 5"),
      "8:7: consumers.a.autoscaler.strategy.queues: is missing; name one",
    ],
    [
      "without tasks, in a max",
      scaled("null", "type: max", "of: [{type: fixed}, {type: queue, per_worker: 5}]"),
      "8:49: consumers.a.autoscaler.strategy.of[1].queues: is missing; name one",
    ],
    [
      "a wish for how long to wait for an answer",
      scaled("{protocol: jsonl}", "type: queue", "per_worker: 5", "timeout: 1s"),
      "8:46: warning: consumers.a.autoscaler.strategy.timeout: has no effect where no queue is asked",
    ],
    [
      "with broken tasks, once",
      scaled("{protocol: x}", "type: queue", "per_worker: 5"),
      "4:23: consumers.a.tasks.protocol: must be",
    ],
    [
      "of workers that cannot tell",
      scaled("{protocol: jsonl}", "type: utilization"),
      "6:12: consumers.a.autoscaler.min: 0 needs a strategy",
    ],
  ])("is told: %s", (_, text, said) => {
    const issues = issuesOf(parse(text));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toStartWith(said);
  });
});

describe("task_server", () => {
  const token = "0123456789abcdef";
  const farm = (keys: string, more = ""): string => `task_server: ${keys}\n${worker("{protocol: jsonl}")}${more}`;

  test.each<[string, TaskServerSpec]>([
    [`{token: ${token}}`, { host: "127.0.0.1", port: 9101, token }],
    [`{host: "::", port: 0, token: "${token}!~"}`, { host: "::", port: 0, token: `${token}!~` }],
  ])("%s", (keys, expected) => {
    const result = parse(farm(keys));
    expect(issuesOf(result)).toEqual([]);
    expect(result.ok && result.spec.taskServer).toEqual(expected);
  });

  test("is none where nothing is said", () => {
    const result = parse(worker("{protocol: jsonl}"));
    expect(result.ok && result.spec.taskServer).toBeNull();
  });

  test.each([
    ["without a token", farm("{port: 1}"), "1:1: task_server.token: ", "is missing; add it"],
    ["with a short token", farm("{token: 0123456789abcde}"), "1:22: task_server.token: ", "at least 16 characters"],
    [
      "with a blank in its token",
      farm("{token: 'hunter2 hunter2 hunter2'}"),
      "1:22: task_server.token: ",
      "without blanks",
    ],
    [
      "with a port behind its host",
      farm(`{host: "h:1", token: ${token}}`),
      "1:21: task_server.host: ",
      "goes to task_server.port",
    ],
    ["with an impossible port", farm(`{port: 65536, token: ${token}}`), "1:21: task_server.port: ", "from 0 to 65535"],
    ...["127.0.0.1", "0.0.0.0"].map(
      (host) =>
        [
          `at the port of http_server, on ${host}`,
          farm(`{port: 9100, host: ${host}, token: ${token}}`),
          "1:21: task_server.port: ",
          "9100 is that of http_server as well; choose another one",
        ] as const,
    ),
    [
      "in a consumer",
      worker("{protocol: jsonl}", `task_server: {token: ${token}}`),
      "5:5: consumers.a.task_server: ",
      "it belongs under the top of the file",
    ],
    [
      "without tasks",
      `task_server: {token: ${token}}\nconsumers: {a: {command: [x]}}`,
      "1:1: warning: task_server: ",
      "no consumer has tasks",
    ],
  ])("is told: %s", (_, text, where, said) => {
    const issues = issuesOf(parse(text));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toStartWith(where);
    expect(issues[0]).toContain(said);
    expect(issues[0]).not.toContain("hunter2");
    expect(issues[0]).not.toContain(token);
  });

  test("may share a port with http_server at another address, or when the kernel chooses", () => {
    for (const keys of [`{host: 10.0.0.1, port: 9100, token: ${token}}`, `{port: 0, token: ${token}}`]) {
      expect(issuesOf(parse(farm(keys)))).toEqual([]);
    }
    expect(issuesOf(parse(`http_server: false\n${farm(`{port: 9100, token: ${token}}`)}`))).toEqual([]);
  });
});

test("secrets of tasks are not shown", () => {
  const result = parse(`task_server: {token: hunter2hunter2hunter2}
consumers:
  a:
    command: [x]
    tasks:
      protocol: fastcgi
      script: /x
      params: {API_KEY: hunter2, SEEN: seen}
      from: {redis: "redis://me:hunter2@h/0", list: k}
`);
  const text = result.ok ? renderEffective(result.effective) : issuesOf(result).join("\n");
  expect(text).not.toContain("hunter2");
  expect(text).toStartWith("# Secrets are shown as ***");
  expect(text).toContain("redis://me:***@h/0");
  expect(text).toContain("SEEN: seen");
});
