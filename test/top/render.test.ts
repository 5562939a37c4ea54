import { describe, expect, test } from "bun:test";
import { reduce, type TopInput } from "../../src/top/reduce.ts";
import { render } from "../../src/top/render.ts";
import { firstState, type TopState } from "../../src/top/state.ts";
import { toTailLine } from "../../src/top/tail.ts";
import { widthOf } from "../../src/top/text.ts";
import { consumerStatus, farmStatus, neverStarted, workerStatus } from "../support/fake-control.ts";
import { logLine } from "./farm-server.ts";

const dead = workerStatus({
  ...neverStarted,
  worker: 2,
  slot: 1,
  state: "backoff",
  restarts: 4,
  failures: 2,
  next_start_at: "2026-11-22T10:01:47.000Z",
  next_start_in_seconds: 6.2,
  last_exit: { code: 137, signal: "SIGKILL", text: "killed by SIGKILL", at: "2026-11-22T10:01:30.000Z" },
});
const async2 = consumerStatus({
  min: 1,
  max: 20,
  target: 2,
  busy: 1,
  queue_depth: 120,
  desired: 6,
  allocated: 5,
  sized_by: "autoscaler",
  workers: [workerStatus({ busy: 1 }), dead],
});
const images = consumerStatus({ consumer: "images", state: "degraded", why: "worker 3 is over its failure limit" });
const farm = farmStatus({ consumers: [async2, images], total_cap: 30 });
const lines = ["one", "two", "three"].map((text) => toTailLine(logLine(text))).filter((line) => line !== null);

function play(...inputs: readonly TopInput[]): TopState {
  return inputs.reduce((state, input) => reduce(state, input).state, firstState);
}

const status = (seconds: number, given = farm): TopInput => ({ type: "status", status: given, atMs: seconds * 1000 });
const key = (name: string): TopInput => ({ type: "key", key: name });
const tail = (path: string): TopInput => ({ type: "tail", path, lines });
const asyncLog = "/v1/logs?consumer=async&n=300&follow=1";

const plain = (state: TopState, columns = 80, rows = 14): string[] =>
  render(state, { columns, rows, colour: false }).map((line) => line.trimEnd());

test("the whole view", () => {
  const later = { ...farm, consumers: [{ ...async2, messages_total: 4 }, images] };
  expect(plain(play(status(0), status(1, later), key("enter"), tail(asyncLog)), 80, 15)).toEqual([
    "pm 1.2.3  running  up 1m40s  /srv/pm.yaml",
    "2/3 ready  1 busy  cap 30  CPU 0%  64M",
    " NAME            STATE    READY/PID SIZE/UP BUSY   LAST MIN MSG/S  CPU%  RSS RST",
    ">async           running  1/2       1..20   ██████        █     4     0  32M   4",
    "   0 #1          ready    101       1m40s   ██████                    0  32M   0",
    "   1 #2          backoff  -                        in 7s              -    -   4",
    " images          degraded 1/1       1       ░░░░░░        ▁     0     0  32M   0",
    "── log of async · 120 waiting · wanted 6, granted 5, target 2 · async ──────────",
    "10:00:00 0 one",
    "10:00:00 0 two",
    "10:00:00 0 three",
    "",
    "",
    "",
    "? help  q quit  → workers  Tab log/events  r restart  s stop  p pause  +-= scale",
  ]);
});

test("connections stand where there are no workers, and the tasks that wait where there is room", () => {
  const given = { accepted_total: 9, finished_total: {}, rejected_total: {} };
  const server = { address: "unix:/run/php.sock", connections: 8 };
  const served = consumerStatus({ workers: [], tasks: { ...given, waiting: 3, in_flight: 4, server } });
  const warm = consumerStatus({ consumer: "warm", tasks: { ...given, waiting: 0, in_flight: 1, server: null } });
  const [first = "", second = ""] = plain(play(status(0, farmStatus({ consumers: [served, warm] }))), 160).slice(3);
  expect(first).toMatch(/^>async +running +8 conn .* ██████░░░░░░ .* 3 tasks waiting$/u);
  expect(second).toMatch(/^ warm +running +1\/1 .*\d$/u);
});

test("the smallest view", () => {
  expect(plain(play(status(0), tail(asyncLog)), 40, 10)).toEqual([
    "pm  2/3 ready  1 busy  cap 30  64M",
    " NAME          STATE    READY/PID BUSY",
    ">async         running  1/2       ██████",
    " images        degraded 1/1       ░░░░░░",
    "── log of async · 120 waiting · wanted …",
    "10:00:00 0 one",
    "10:00:00 0 two",
    "10:00:00 0 three",
    "",
    "? help  q quit  → workers  Tab log/even…",
  ]);
});

describe("a line of it", () => {
  const stopped = farmStatus({ phase: "stopping", consumers: [] });
  test.each([
    [
      "says why a worker does not run",
      play(status(0), key("enter"), key("j"), key("j")),
      "── log of async:1 · next start in 7s · last: killed by SIGKILL 10s ago · failures 2 of 3 in 1m",
    ],
    [
      "says why a consumer is not well",
      play(status(0), key("j")),
      "── log of images · worker 3 is over its failure limit · async",
    ],
    ["asks before it acts", play(status(0), key("r")), "restart async (2 workers)? y/N"],
    ["shows the size that is typed", play(status(0), key("="), key("1"), key("2")), "size of async: 12_"],
    ["shows the filter that is typed", play(status(0), key("/"), key("z")), "filter: z_"],
    [
      "says that no name holds the filter",
      play(status(0), key("/"), key("z"), key("enter")),
      ' no consumer has "z" in its name; Escape shows all',
    ],
    ["says that only some are shown", play(status(0), key("/"), key("a"), key("enter")), 'only "a"  ? help'],
    [
      "says what came of it",
      play(status(0), { type: "answer", ok: true, message: "async: 2 workers restarted" }),
      "async: 2 workers restarted",
    ],
    [
      "says that pm has ended",
      play(status(0), { type: "gone", atMs: 9 }),
      "pm 1.2.3  pm has ended; waiting for it to come back",
    ],
    ["says that pm does not answer", play(status(0), { type: "time", atMs: 65_000 }), "pm 1.2.3  no answer for 1m05s"],
    ["says that pm is stopping", play(status(0, stopped)), "pm 1.2.3  stopping"],
    ["says that there are no consumers", play(status(0, stopped)), " no consumers"],
    [
      "says what pm says instead of a status",
      play({ type: "refused", message: "a bug of pm", atMs: 1 }),
      "a bug of pm",
    ],
    ["says that there is no pm yet", play(), "pm  waiting for pm"],
    ["says that a stream has nothing yet", play(status(0)), " nothing yet"],
    [
      "shows events with who",
      play(status(0), key("tab"), {
        type: "tail",
        path: "/v1/events?n=300&follow=1",
        lines: [{ at: "2026-11-22T10:00:00.000Z", from: "alice", text: "async: stopped", tone: "plain" }],
      }),
      "10:00:00 alice async: stopped",
    ],
    ["tells the keys", play(status(0), key("?")), " R         rolling restart"],
  ])("%s", (_, state, expected) => {
    expect(plain(state, 100, 24).find((line) => line.startsWith(expected))).toBeDefined();
  });

  test("says on a small screen, too, that pm has ended", () => {
    expect(plain(play(status(0), { type: "gone", atMs: 9 }), 40, 10)[0]).toStartWith("pm 1.2.3  pm has ended; waiting");
  });
});

test("the selected row is always among those shown", () => {
  const many = farmStatus({
    consumers: Array.from({ length: 60 }, (_, n) => consumerStatus({ consumer: `pool-${n}` })),
  });
  for (const moves of [0, 1, 5, 30, 58, 59, 80]) {
    const state = play(status(0, many), ...Array.from({ length: moves }, () => key("j")));
    const selected = plain(state, 80, 24).filter((line) => line.startsWith(">"));
    expect(selected).toEqual([expect.stringContaining(`>pool-${Math.min(59, moves)} `)]);
  }
});

test("around the selected row there are others", () => {
  const many = farmStatus({
    consumers: Array.from({ length: 60 }, (_, n) => consumerStatus({ consumer: `pool-${n}` })),
  });
  const screen = plain(play(status(0, many), ...Array.from({ length: 30 }, () => key("j"))), 80, 24);
  const pools = screen.map((line) => /^[ >](pool-\d+)/u.exec(line)?.[1]).filter((name) => name !== undefined);
  expect(pools).toEqual(Array.from({ length: 12 }, (_, n) => `pool-${24 + n}`));
});

const shownPools = (state: TopState): number => plain(state, 80, 24).filter((line) => line.includes("pool-")).length;

test("without events and log the list has the room", () => {
  const many = farmStatus({
    consumers: Array.from({ length: 60 }, (_, n) => consumerStatus({ consumer: `pool-${n}` })),
  });
  const state = play(status(0, many));
  expect([shownPools(state), shownPools(play(status(0, many), key("tab"), key("tab")))]).toEqual([13, 20]);
});

test.each([
  [39, 24],
  [80, 9],
  [5, 3],
  [1, 1],
])("on %i by %i it says what it needs", (columns, rows) => {
  const screen = render(play(status(0)), { columns, rows, colour: true });
  expect(screen.length).toBe(rows);
  expect(screen.join("")).toBe(`pm top needs 40x10, this is ${columns}x${rows}; q quits`.slice(0, columns * rows));
});

const hostile = [
  "\u001B[2J\u001B[1;1H\u001B]0;owned\u0007\u001B[31m",
  "漢字".repeat(200),
  "👨‍👩‍👧🇩🇪❤️".repeat(50),
  `a${"\u0301".repeat(500)}`,
  "\u202Eevil\u2066\u200B\u00AD",
  "\uD800 \uDC00 \uFFFD \u0000\u0007\b\r\n\u0085\u009B2J\u2028",
  "\t".repeat(100),
  "x".repeat(5000),
  "",
];

test.each(hostile)("whatever is in a text (%j), each line fits and steers nothing", (text) => {
  const consumer = consumerStatus({ consumer: text, why: text, problem: text, transports: [text] });
  const given = farmStatus({ file: text, version: text, consumers: [consumer, async2] });
  const log = toTailLine(logLine(text));
  const event = toTailLine({ at: "no time", who: text, message: text, why: text, consumer: text });
  const shown = [log, event].filter((line) => line !== null);
  const base = play(status(0, given), status(1, given), key("enter"));
  const withTail = reduce(base, { type: "tail", path: base.tailPath ?? "", lines: shown }).state;
  const states = [
    withTail,
    reduce(withTail, key("r")).state,
    reduce(withTail, key("=")).state,
    reduce(withTail, { type: "answer", ok: true, message: text }).state,
    reduce(withTail, { type: "gone", atMs: 2 }).state,
    reduce(withTail, key("?")).state,
    { ...withTail, filter: text },
  ];
  const sizes = [40, 41, 79, 80, 133, 250].flatMap((columns) => [true, false].map((colour) => ({ columns, colour })));
  for (const { columns, colour } of sizes) {
    for (const screen of states.map((state) => render(state, { columns, rows: 24, colour }))) {
      expect(screen.length).toBe(24);
      // oxlint-disable-next-line no-control-regex -- our own colours
      const bare = screen.map((line) => (colour ? line.replace(/\u001B\[[0-9]{1,2}m/gu, "") : line));
      expect(bare.filter((line) => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(line))).toEqual([]);
      expect(bare.filter((line) => widthOf(line) > columns)).toEqual([]);
    }
  }
});

describe("a document of a stream", () => {
  test.each([
    ["a line", logLine("hi"), { from: "0", text: "hi", tone: "plain" }],
    ["a line of stderr", logLine("hi", { stream: "stderr" }), { tone: "warn" }],
    ["an error", logLine("hi", { level: "error" }), { tone: "bad" }],
    ["an info on stderr", logLine("hi", { level: "info", stream: "stderr" }), { tone: "plain" }],
    ["lost lines", { lost: 17 }, { text: "17 lines lost here", tone: "warn" }],
    [
      "an event",
      { at: "x", who: "alice", consumer: "async", message: "scaled", why: "because" },
      { from: "alice", text: "async: scaled (because)" },
    ],
    [
      "an event of the farm",
      { at: "x", who: "pm", consumer: null, message: "started", why: null },
      { text: "started" },
    ],
  ])("%s", (_, document, expected) => expect(toTailLine(document)).toMatchObject(expected));

  test.each([[null], ["text"], [7], [[]], [{}], [{ text: 7 }], [{ message: null }]])("%j is no line", (document) => {
    expect(toTailLine(document)).toBeNull();
  });
});
