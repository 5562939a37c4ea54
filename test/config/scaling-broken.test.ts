import { describe, expect, test } from "bun:test";
import { issuesOf, parse } from "./source.ts";

/** A farm of one pool of 1 to 4 workers with these lines in its autoscaler, the first of which is line 5. */
const pool = (...lines: string[]): string =>
  ["consumers:", "  a:", "    command: [x]", "    autoscaler:", ...lines.map((line) => `      ${line}`)].join("\n");
/** Its strategy, in line 5. */
const strategy = (inner: string, ...more: string[]): string =>
  pool(`strategy: {${inner}}`, "min: 1", "max: 4", ...more);
/** A queue strategy with this entry in line 5, column 49. */
const queue = (entry: string): string => strategy(`type: queue, per_worker: 5, queues: ${entry}`);
const damping = (inner: string): string => pool("min: 1", "max: 4", "strategy: {type: fixed}", `damping: {${inner}}`);

const aList = "{redis: redis://h, list: l}";
const s = "consumers.a.autoscaler.strategy";
const q = `${s}.queues`;
const d = "consumers.a.autoscaler.damping";

/** What the file is, its text, where the problem is, and a part of what is said (with what to do). */
const broken: readonly (readonly [what: string, text: string, where: string, said: string])[] = [
  // Strategies
  [
    "both objectives",
    strategy(`type: queue, queues: ${aList}, per_worker: 5, max_wait: 30s`),
    `5:83: ${s}.max_wait: `,
    "cannot be given together with per_worker; remove one",
  ],
  ["no objective", strategy(`type: queue, queues: ${aList}`), `5:7: ${s}: `, "add max_wait: 30s"],
  ["no queues", strategy("type: queue, max_wait: 30s"), `5:7: ${s}.queues: `, "is missing; name one, such as {redis:"],
  ["an empty list of queues", queue("[]"), `5:54: ${q}: `, "name at least one of the queues"],
  [
    "no messages a worker",
    strategy(`type: queue, per_worker: 0, queues: ${aList}`),
    `5:43: ${s}.per_worker: `,
    "above 0",
  ],
  [
    "an unknown answer to a failure",
    strategy(`type: queue, max_wait: 30s, on_failure: keep, queues: ${aList}`),
    `5:58: ${s}.on_failure: `,
    'must be hold, utilization or a whole number of workers, found "keep"',
  ],
  [
    "a misspelt answer to a failure",
    strategy(`type: command, command: x, on_failure: utilisation`),
    `5:57: ${s}.on_failure: `,
    "did you mean utilization?",
  ],
  ["a schedule without rules", strategy("type: schedule"), `5:7: ${s}.rules: `, "is missing; add one such as {cron:"],
  [
    "a rule without effect",
    strategy("type: schedule, rules: [{cron: '* 8 * * *'}]"),
    `5:42: ${s}.rules[0]: `,
    "does nothing; give it min, max or both",
  ],
  ["a rule without a time", strategy("type: schedule, rules: [{min: 2}]"), `5:42: ${s}.rules[0].cron: `, "is missing"],
  [
    "a rule whose floor is above its ceiling",
    strategy("type: schedule, rules: [{cron: '* * * * *', min: 3, max: 2}]"),
    `5:67: ${s}.rules[0].min: `,
    "min 3 is more than max 2; lower min or raise max",
  ],
  [
    "a cron expression of three fields",
    strategy("type: schedule, rules: [{cron: '* 8 *', min: 2}]"),
    `5:49: ${s}.rules[0].cron: `,
    'is no cron expression: "* 8 *" has 3 fields; write five: minute hour',
  ],
  [
    "a minute that no hour has",
    strategy("type: schedule, rules: [{cron: '61 * * * *', min: 2}]"),
    `5:49: ${s}.rules[0].cron: `,
    'is no cron expression: minute: "61" is not a number 0..59',
  ],
  [
    "an unknown time zone",
    strategy("type: schedule, timezone: Europe/Berlinn, rules: [{cron: '* * * * *', min: 2}]"),
    `5:44: ${s}.timezone: `,
    'found "Europe/Berlinn"; did you mean Europe/Berlin?',
  ],
  [
    "the time zone of the host",
    strategy("type: schedule, timezone: local, rules: [{cron: '* * * * *', min: 2}]"),
    `5:44: ${s}.timezone: `,
    "write a name of the IANA list, or UTC",
  ],
  [
    "a command strategy without a command",
    strategy("type: command"),
    `5:7: ${s}.command: `,
    "is missing; name the program",
  ],
  [
    "an unknown mode of a command",
    strategy("type: command, command: x, mode: line"),
    `5:51: ${s}.mode: `,
    "did you mean lines?",
  ],
  [
    "a command strategy that needs a shell",
    strategy("type: command, command: 'a | b'"),
    `5:42: ${s}.command: `,
    "| needs a shell",
  ],
  ["a service that needs a shell", strategy("type: service, id: a > b"), `5:37: ${s}.id: `, "> needs a shell"],
  ["a max of nothing", strategy("type: max"), `5:7: ${s}.of: `, "is missing; list the strategies"],
  [
    "a max in a max",
    strategy("type: max, of: [{type: max, of: [{type: fixed}]}]"),
    `5:41: ${s}.of[0].type: `,
    "a max holds no other max; move the strategies of this one a level up",
  ],
  [
    "a mistake inside a max",
    strategy("type: max, of: [{type: fixed}, {type: utilization, target: 2}]"),
    `5:77: ${s}.of[1].target: `,
    "above 0 and up to 1, found 2",
  ],
  [
    "a key of the strategy one level too high",
    pool("strategy: {type: fixed}", "min: 1", "max: 4", "max_wait: 30s"),
    "8:7: consumers.a.autoscaler.max_wait: ",
    "it belongs under strategy",
  ],
  [
    "no minimum with a strategy that sleeps",
    pool("strategy: {type: max, of: [{type: utilization}, {type: fixed}]}", "min: 0", "max: 4"),
    "6:12: consumers.a.autoscaler.min: ",
    "0 needs a strategy that sees work while no worker runs: queue, schedule or command",
  ],
  // Queues
  [
    "an entry without a source",
    queue("[{list: l}]"),
    `5:55: ${q}[0]: `,
    "write one of redis, sql, rabbitmq, prometheus",
  ],
  [
    "two sources in one entry",
    queue("{redis: redis://h, list: l, http: http://h}"),
    `5:82: ${q}.http: `,
    "cannot stand beside redis, because an entry is one queue; make it an entry of its own",
  ],
  ["a Redis without a key", queue("[{redis: redis://h}]"), `5:55: ${q}[0]: `, "names no key of Redis; add list: KEY"],
  [
    "two keys of Redis",
    queue("[{redis: redis://h, list: l, sorted_set: z}]"),
    `5:83: ${q}[0].sorted_set: `,
    "cannot stand beside list",
  ],
  [
    "a stream without a group",
    queue("[{redis: redis://h, stream: k}]"),
    `5:55: ${q}[0].group: `,
    "the name of its consumer group",
  ],
  [
    "a group of a list",
    queue("[{redis: redis://h, list: l, group: g}]"),
    `5:83: ${q}[0].group: `,
    "belongs to a stream and means nothing to a list; remove it",
  ],
  ["a database without a query", queue("[{sql: postgres://h/d}]"), `5:55: ${q}[0].query: `, "is missing; sql needs it"],
  [
    "a key of another source",
    queue("[{rabbitmq: http://h:15672, queue: x, group: g}]"),
    `5:92: ${q}[0].group: `,
    "means nothing to rabbitmq; remove it",
  ],
  [
    "the address of a broker for that of its management",
    queue("[{rabbitmq: amqp://guest:hunter2@h, queue: x}]"),
    `5:66: ${q}[0].rabbitmq: `,
    "write that of its management API, such as http://guest:guest@host:15672",
  ],
  [
    "a database that pm does not know",
    queue("[{sql: mongodb://me:hunter2@h, query: x}]"),
    `5:61: ${q}[0].sql: `,
    "must be a URL that begins with postgres:, postgresql:, mysql:",
  ],
  [
    "a scheme of Doctrine",
    queue("[{sql: pdo_pgsql://me:hunter2@h, query: x}]"),
    `5:61: ${q}[0].sql: `,
    "write postgres:// in its place",
  ],
  [
    "a password that needs escapes",
    queue("[{redis: 'redis://:hun/hunter2@h', list: l}]"),
    `5:63: ${q}[0].redis: `,
    "is not a valid URL; write one such as redis://127.0.0.1:6379/0, with / # ? @ : of a password as %2F",
  ],
  [
    "a URL in place of an entry",
    queue("['redis://me:hunter2@h']"),
    `5:55: ${q}[0]: `,
    'must be a mapping with keys such as redis, found "redis://me:***@h"',
  ],
  [
    "a URL in place of a key",
    queue("[{'redis://me:hunter2@h': l}]"),
    `5:56: ${q}[0]["redis://me:***@h"]: `,
    "unknown key",
  ],
  ["a misspelt key of an entry", queue("[{redis: redis://h, lst: l}]"), `5:74: ${q}[0].lst: `, "did you mean list?"],
  [
    "a path in the notation of others",
    queue("[{http: http://h, path: $.a}]"),
    `5:78: ${q}[0].path: `,
    "must be keys and indexes from the top of the document, such as data.queues[0].messages",
  ],
  ["an unclosed bracket in a path", queue("[{http: http://h, path: 'a[0'}]"), `5:78: ${q}[0].path: `, "write it so"],
  [
    "headers in one text",
    queue("[{http: http://h, headers: 'Authorization: Token hunter2'}]"),
    `5:81: ${q}[0].headers: `,
    'must be a mapping of headers, found "Authorization: ***"',
  ],
  [
    "a header in two lines",
    queue(`[{http: http://h, headers: {A: "Bearer hunter2\\r\\nB: c"}}]`),
    `5:85: ${q}[0].headers.A: `,
    "must be one line",
  ],
  [
    "a transport of a broker",
    queue("{messenger: 'amqp://me:hunter2@h/%2f/messages'}"),
    `5:66: ${q}.messenger: `,
    "pm can count behind redis:// and doctrine://; write {rabbitmq: http://guest:guest@host:15672, queue: NAME}",
  ],
  [
    "a transport of a cloud",
    queue("{messenger: 'sqs://me:hunter2@default/queue'}"),
    `5:66: ${q}.messenger: `,
    "pm can count behind redis:// and doctrine://; write {command: …}",
  ],
  [
    "a transport of Doctrine without its database",
    queue("{messenger: 'doctrine://default'}"),
    `5:66: ${q}.messenger: `,
    "write {dsn: doctrine://…, database: postgres://user:password@host/database}",
  ],
  [
    "a transport of several servers",
    queue("{messenger: 'redis://:hunter2@a,redis://:hunter2@b'}"),
    `5:66: ${q}.messenger: `,
    "names several servers",
  ],
  [
    "a transport whose table needs quotes",
    queue("{messenger: {dsn: 'doctrine://default?table_name=a;b', database: 'sqlite:///x'}}"),
    `5:66: ${q}.messenger: `,
    "has a table_name that would need quotes; write {sql: URL",
  ],
  [
    "a transport whose queue needs quotes",
    queue(`{messenger: {dsn: "doctrine://default?queue_name=a'", database: 'sqlite:///x'}}`),
    `5:66: ${q}.messenger: `,
    "has a queue_name that would need quotes",
  ],
  [
    "a database for a transport of Redis",
    queue("{messenger: {dsn: 'redis://h', database: 'sqlite:///x'}}"),
    `5:66: ${q}.messenger: `,
    "database belongs to a doctrine:// transport; remove it",
  ],
  [
    "a transport behind Sentinel",
    queue("{messenger: 'redis://:hunter2@h:26379?sentinel_master=db'}"),
    `5:66: ${q}.messenger: `,
    "write redis: URL of the master",
  ],
  [
    "a transport whose database is no number",
    queue("{messenger: 'redis://h?dbindex=one'}"),
    `5:66: ${q}.messenger: `,
    "has a dbindex that is no number; write one",
  ],
  [
    "a transport on a socket with a password",
    queue("{messenger: 'redis:///run/r.sock?auth=hunter2'}"),
    `5:66: ${q}.messenger: `,
    "write host and port",
  ],
  ["a server without a host", queue("[{redis: 'redis://', list: l}]"), `5:63: ${q}[0].redis: `, "names no host"],
  ["a path that begins with a dot", queue("[{http: http://h, path: .a}]"), `5:78: ${q}[0].path: `, "write it so"],
  ["a path without a dot", queue("[{http: http://h, path: 'a[0]b'}]"), `5:78: ${q}[0].path: `, "write it so"],
  [
    "a negative size for failures",
    strategy("type: command, command: x, on_failure: -1"),
    `5:57: ${s}.on_failure: `,
    "a whole number of workers, found -1",
  ],
  [
    "no minimum beside a strategy that is wrong by itself",
    pool("strategy: {type: queu}", "min: 0", "max: 4"),
    `5:24: ${s}.type: `,
    "did you mean queue?",
  ],
  // Damping
  ["a tolerance above 1", damping("tolerance: 1.5"), `8:28: ${d}.tolerance: `, "a number from 0 to 1, found 1.5"],
  [
    "a panic that is none",
    damping("panic: {threshold: 1}"),
    `8:36: ${d}.panic.threshold: `,
    "a number above 1, found 1",
  ],
  [
    "a policy of nothing",
    damping("policies: {up: [{percent: 0, period: 15s}]}"),
    `8:43: ${d}.policies.up[0].percent: `,
    "a number above 0, found 0",
  ],
  [
    "a policy of two kinds",
    damping("policies: {up: [{workers: 4, percent: 100, period: 15s}]}"),
    `8:46: ${d}.policies.up[0].percent: `,
    "cannot stand beside workers; make it a policy of its own",
  ],
  [
    "a policy of no kind",
    damping("policies: {down: {period: 15s}}"),
    `8:34: ${d}.policies.down: `,
    "says not how much",
  ],
  [
    "a policy without a period",
    damping("policies: {down: [{workers: 4}]}"),
    `8:35: ${d}.policies.down[0].period: `,
    "is missing; add it",
  ],
  [
    "the word of Kubernetes for a pool that must not shrink",
    damping("policies: {select: Disabled}"),
    `8:36: ${d}.policies.select: `,
    "must be one of max, min",
  ],
  ["a window of damping one level too high", damping("up: 30s"), `8:17: ${d}.up: `, "it belongs under stabilization"],
];

describe("a broken autoscaler", () => {
  test.each(broken)("%s", (_, text, where, said) => {
    const issues = issuesOf(parse(text));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toStartWith(where);
    expect(issues[0]).toContain(said);
    expect(issues[0]).not.toContain("\n");
    expect(issues[0]).not.toContain("hunter2");
  });

  test("nothing of the environment is shown", () => {
    const env = {
      URL: "hunter2://me@h",
      DSN: "hunter2://x",
      ZONE: "Europe/hunter2",
      CRON: "hunter2",
      ANSWER: "hunter2",
    };
    const text = strategy(
      `type: max, of: [{type: queue, max_wait: 1m, on_failure: "\${ANSWER}", queues: [{sql: "\${URL}", query: q}, {messenger: "\${DSN}"}]}, {type: schedule, timezone: "\${ZONE}", rules: [{cron: "\${CRON}", min: 1}]}]`,
    );
    const issues = issuesOf(parse(text, { env }));
    expect(issues).toHaveLength(5);
    expect(issues.join()).not.toContain("hunter2");
  });

  test("a time zone of the environment is not guessed at", () => {
    const text = strategy("type: schedule, timezone: '${ZONE}', rules: [{cron: '* * * * *', min: 2}]");
    expect(issuesOf(parse(text, { env: { ZONE: "Europe/Berlinn" } })).join()).not.toContain("did you mean");
  });

  test("every problem of a strategy is told at once", () => {
    const issues = issuesOf(parse(strategy("type: queue, timeout: 0, zzz: 1")));
    expect(issues.map((issue) => issue.split(": ", 2)[1])).toEqual([s, `${s}.queues`, `${s}.timeout`, `${s}.zzz`]);
  });
});

describe("a doubtful autoscaler", () => {
  test.each([
    [
      "a floor above max",
      strategy("type: schedule, rules: [{cron: '* * * * *', min: 5}]"),
      `5:67: warning: ${s}.rules[0].min: `,
      "5 is more than the autoscaler's max, which holds; lower this or raise that",
    ],
    [
      "a ceiling below min",
      pool("strategy: {type: schedule, rules: [{cron: '* * * * *', max: 1}]}", "min: 2", "max: 4"),
      `5:67: warning: ${s}.rules[0].max: `,
      "1 is less than the autoscaler's min, which holds",
    ],
    [
      "a number for failures above max",
      strategy("type: command, command: x, on_failure: 9"),
      `5:57: warning: ${s}.on_failure: `,
      "9 is more than the autoscaler's max",
    ],
    [
      "a timeout as long as the interval",
      strategy("type: command, command: x, timeout: 10s"),
      `5:45: warning: ${s}.timeout: `,
      "timeout 10s is not shorter than autoscaler_interval_sec 10s, so a slow answer comes too late",
    ],
    [
      "an objective shorter than the interval",
      strategy(`type: queue, max_wait: 5s, queues: ${aList}`),
      `5:41: warning: ${s}.max_wait: `,
      "5s is shorter than autoscaler_interval_sec 10s",
    ],
    [
      "a key that another type would read",
      strategy("type: utilization, max_wait: 30s"),
      `5:37: warning: ${s}.max_wait: `,
      "has no effect with type: utilization; remove it, or change the type",
    ],
    [
      "a doubtful part of a max",
      strategy(`type: max, of: [{type: fixed}, {type: queue, max_wait: 5s, queues: ${aList}}]`),
      `5:73: warning: ${s}.of[1].max_wait: `,
      "5s is shorter than",
    ],
  ])("%s", (_, text, where, said) => {
    const result = parse(text);
    expect(result.ok).toBe(true);
    const issues = issuesOf(result);
    expect(issues).toHaveLength(1);
    expect(issues[0]).toStartWith(where);
    expect(issues[0]).toContain(said);
  });
});
