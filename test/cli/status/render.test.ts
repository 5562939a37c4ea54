import { describe, expect, test } from "bun:test";
import { ownerLines } from "../../../src/cli/status/owner-lines.ts";
import { renderStatus } from "../../../src/cli/status/render.ts";
import { consumerStatus, farmStatus, neverStarted, workerStatus } from "../../support/fake-control.ts";
import type { FarmStatus, WorkerStatus } from "../../../src/protocol/control-api.ts";

interface Wish {
  readonly columns?: number | null;
  readonly colour?: boolean;
  readonly whole?: boolean;
}

const shown = (status: FarmStatus, { columns = null, colour = false, whole = false }: Wish = {}): string =>
  renderStatus(status, { columns, colour, whole }).join("\n");

const titles = (columns: number): string => shown(mixed, { columns }).split("\n")[3] ?? "";

const mixed = farmStatus({
  uptime_seconds: 266_500, // until 2026-11-25T12:01:40Z
  total_cap: 10,
  http: "http://127.0.0.1:9100",
  rss_bytes: 60_000_000,
  cpu_seconds: 2665,
  consumers: [
    consumerStatus({
      state: "degraded",
      why: "2 of 3 workers ready",
      min: 1,
      max: 8,
      target: 3,
      ready: 2,
      busy: 1,
      queue_depth: 12,
      desired: 6,
      allocated: 3,
      sized_by: "autoscaler",
      workers: [
        workerStatus({ busy: 1, uptime_seconds: 266_400, restarts: 2 }),
        workerStatus({ worker: 2, slot: 1, pid: 12_345, paused: true }),
        workerStatus({
          ...neverStarted,
          worker: 3,
          slot: 2,
          state: "backoff",
          restarts: 5,
          failures: 2,
          next_start_in_seconds: 3.2,
          last_exit: { code: 137, signal: "SIGKILL", text: "killed by SIGKILL", at: "2026-11-25T12:01:38.000Z" },
        }),
      ],
    }),
    consumerStatus({
      consumer: "images",
      state: "parked",
      why: "given up: exit code 2",
      ready: 0,
      workers: [workerStatus({ ...neverStarted, worker: 4, state: "parked" })],
    }),
  ],
});

describe("the status as text", () => {
  test("on a pipe: one line each, whatever the length", () => {
    expect(`\n${shown(mixed)}\n`).toBe(`
pm 1.2.3 (pid 100), running for 3d 2h: /srv/pm.yaml
2 of 4 workers ready, 1 busy; at most 10 alive; http://127.0.0.1:9100; pm itself: 57.2 MiB, 1% CPU

NAME        ID  STATE           PID  UPTIME  RESTARTS   CPU     RSS  BUSY
async           degraded 2/3                        7  1.2%  64 MiB     1  1..8 workers; wants 6, granted 3; 12 waiting; 2 of 3 workers ready
  async:0    1  ready           101   3d 2h         2    0%  32 MiB   1/1
  async:1    2  paused        12345  1m 40s         0  1.2%  32 MiB   0/1
  async:2    3  backoff           -       -         5     -       -   0/1  next start in 4s; failures 2 of 3 in 1m; last exit: killed by SIGKILL, 2s ago
images          parked 0/1                          0     -       -     0  given up: exit code 2
  images:0   4  parked            -       -         0     -       -   0/1
`);
  });

  test("on 80 columns: what does not fit stands below", () => {
    expect(`\n${shown(mixed, { columns: 80 }).split("\n").slice(3).join("\n")}\n`).toBe(`
NAME        ID  STATE           PID  UPTIME  RESTARTS   CPU     RSS  BUSY
async           degraded 2/3                        7  1.2%  64 MiB     1
      1..8 workers; wants 6, granted 3; 12 waiting; 2 of 3 workers ready
  async:0    1  ready           101   3d 2h         2    0%  32 MiB   1/1
  async:1    2  paused        12345  1m 40s         0  1.2%  32 MiB   0/1
  async:2    3  backoff           -       -         5     -       -   0/1
      next start in 4s; failures 2 of 3 in 1m; last exit: killed by SIGKILL, 2s
      ago
images          parked 0/1                          0     -       -     0
      given up: exit code 2
  images:0   4  parked            -       -         0     -       -   0/1
`);
  });

  test("narrower than the table: columns go, the least telling first", () => {
    expect(titles(72)).toBe("NAME        STATE           PID  UPTIME  RESTARTS   CPU     RSS  BUSY");
    expect(titles(65)).toBe("NAME        STATE           PID  UPTIME  RESTARTS     RSS  BUSY");
    expect(titles(20)).toBe("NAME        STATE           PID  RESTARTS  BUSY");
  });

  test.each([40, 60, 80, 100, 200])("no line of the table is wider than %d columns", (columns) => {
    const lines = shown(mixed, { columns }).split("\n").slice(3);
    expect(lines.filter((line) => Bun.stringWidth(line) > Math.max(columns, 47))).toEqual([]);
  });

  test("colours change nothing but the colour", () => {
    const coloured = shown(mixed, { columns: 80, colour: true });
    expect(coloured).toContain("\u001B[31mparked 0/1  \u001B[0m");
    expect(Bun.stripANSI(coloured)).toBe(shown(mixed, { columns: 80 }));
    expect(shown(mixed, { columns: 80 })).not.toContain("\u001B");
  });

  test("a large consumer shows the workers that need a look, unless all are asked for", () => {
    const odd: Record<number, Partial<WorkerStatus>> = { 7: { state: "draining" }, 9: { failures: 1 } };
    const workers = Array.from({ length: 25 }, (_, slot) => workerStatus({ worker: slot + 1, slot, ...odd[slot] }));
    const farm = farmStatus({ consumers: [consumerStatus({ min: 25, max: 25, target: 25, ready: 24, workers })] });
    const table = (wish: Wish): string[] => shown(farm, wish).split("\n").slice(4);
    expect(table({})).toEqual([
      expect.stringMatching(/^async +running 24\/25 /u),
      expect.stringMatching(/^ {2}async:7 +8 +draining /u),
      expect.stringMatching(/^ {2}async:9 +10 +ready .* failures 1 of 3 in 1m$/u),
      "  … 23 more, all ready; --all shows them",
    ]);
    expect(table({ whole: true })).toHaveLength(26);
  });

  test("a farm that stops, reloads, has a source and is a node", () => {
    const farm = farmStatus({
      phase: "stopping",
      consumers: [],
      last_reload: { at: "2026-11-22T10:01:30.000Z", result: "rejected", message: "pm.yaml is invalid" },
      source: {
        mode: "poll",
        state: "failing",
        last_document_at: "2026-11-22T10:00:40.000Z",
        error: "exit code 1",
        consumers: 3,
        rejected: [{ consumer: "bad", error: "no command", kept: true }],
      },
      cluster: { self: "a", nodes: ["a", "b"], by: "rendezvous", share: "consumers", owners: [] },
    });
    expect(`\n${shown(farm)}\n`).toBe(`
pm 1.2.3 (pid 100), stopping, after 1m 40s: /srv/pm.yaml
0 of 0 workers ready, 0 busy
last reload 10s ago, rejected: pm.yaml is invalid
source failing: 3 consumers, last document 1m ago; exit code 1
  bad is invalid, an older definition runs: no command
node a of a, b (by rendezvous)

no consumers
`);
  });

  const tasks = {
    waiting: 5,
    in_flight: 4,
    accepted_total: 9,
    finished_total: {},
    rejected_total: {},
    server: null,
  };

  test("a server that stands in for workers has no tally of them", () => {
    const server = { address: "unix:/run/php/php-fpm.sock", connections: 8 };
    const served = consumerStatus({ ready: 0, target: 0, workers: [], tasks: { ...tasks, server } });
    const [, , , , line = ""] = shown(farmStatus({ consumers: [served] })).split("\n");
    expect(line).toMatch(
      /^async +running +0 +- +- +4 {2}8 connections to unix:\/run\/php\/php-fpm\.sock; tasks: 5 waiting, 4 in flight$/u,
    );
  });

  test.each([
    [{ tasks }, "tasks: 5 waiting, 4 in flight"],
    [{ tasks, queue_depth: 7 }, "tasks: 5 waiting, 4 in flight"],
    [{ sized_by: "person" }, "size set by hand"],
    [{ origin: "source" }, "from the source"],
    [{ problem: "no command" }, "an older definition runs: no command"],
    [{ desired: 1, allocated: 1 }, ""],
  ] as const)("a consumer with %j says %j", (changes, note) => {
    const [, , , , line = ""] = shown(farmStatus({ consumers: [consumerStatus(changes)] })).split("\n");
    expect(line.replace(/^.* 0(?: {2}|$)/u, "")).toBe(note);
  });

  test.each([
    [{ busy: 1, in_flight: { async: 1 } }, ""],
    [{ busy: 1, in_flight: { async: 3 } }, "in flight: async 3"],
    [{ busy: 2, slots: 10, in_flight: { a: 1, b: 1, c: 0 } }, "in flight: a 1, b 1"],
    [{ failures: 1 }, "failures 1 of 3 in 1m"],
  ] as const)("a worker with %j says %j", (changes, note) => {
    const farm = farmStatus({ consumers: [consumerStatus({ workers: [workerStatus(changes)] })] });
    const [, , , , , line = ""] = shown(farm).split("\n");
    expect(line.replace(/^.*\d\/\d+(?: {2}|$)/u, "")).toBe(note);
  });
});

test.each([
  [
    "consumers",
    [
      { consumer: "async", node: "a", workers: null },
      { consumer: "images", node: "b", workers: null },
      { consumer: "odd", node: null, workers: null },
    ],
    ["CONSUMER  NODE", "async     a (this one)", "images    b", "odd       nobody"],
  ],
  [
    "workers",
    [{ consumer: "async-orders", node: null, workers: { a: 3, b: 2 } }],
    ["CONSUMER      WORKERS", "async-orders  a (this one) 3, b 2"],
  ],
] as const)("the owners of shared %s", (share, owners, lines) => {
  const [first, blank, ...rest] = ownerLines({ self: "a", nodes: ["a", "b"], by: "balanced", share, owners });
  expect([first, blank]).toEqual([`node a of a, b: ${share} shared out by balanced`, ""]);
  expect(rest).toEqual([...lines]);
});
