import { describe, expect, test } from "bun:test";
import type { MessageFact, PmEvent, RestartReason } from "../../src/core/farm/events.ts";
import type { FarmSnapshot } from "../../src/core/farm/snapshot.ts";
import { createMetrics, type Metrics, type MetricsOptions } from "../../src/surface/metrics.ts";
import { aConsumer, aFarm, aSpec, aWorker, someTasks } from "../core/farm/samples.ts";
import { missing } from "../support/needs.ts";

const consumers = [aSpec("async", ["async", "high"]), aSpec("plain", [])];
const ref = { worker: 1, slot: 0, consumer: "async" } as const;

function create(given: Partial<MetricsOptions> = {}): Metrics {
  return createMetrics({
    consumers,
    messageMetrics: { enabled: true, whitelist: [], durationBucketsSeconds: [0.1, 1, 60] },
    snapshot: () => aFarm([]),
    logCounters: () => [],
    processInfo: () => new Map(),
    version: "1.2.3",
    bunVersion: "1.4.5",
    ...given,
  });
}

function message(event: MessageFact["event"], given: Partial<MessageFact> = {}): Extract<PmEvent, { type: "message" }> {
  return {
    type: "message",
    ...ref,
    event,
    transport: "async",
    class: "App\\Msg",
    id: null,
    durationSeconds: null,
    errorClass: null,
    ...given,
  };
}

/** The series whose names match, as they stand on the page. */
async function series(metrics: Metrics, name: RegExp): Promise<string[]> {
  return (await metrics.page()).split("\n").filter((line) => !line.startsWith("#") && name.test(line));
}

describe("counters of what happens", () => {
  test("those of a consumer are there from the start, at 0, for every value known beforehand", async () => {
    const lines = await series(create(), /consumer="async"/u);
    expect(lines.filter((line) => !line.endsWith(" 0"))).toEqual([]);
    expect(lines.map((line) => line.slice(0, -2)).toSorted()).toMatchSnapshot();
  });

  test.each<[string, PmEvent, string[]]>([
    [
      "a start",
      { type: "worker_started", ...ref, pid: 1, transports: [] },
      ['worker_starts_total{consumer="async"} 1'],
    ],
    [
      "a start that failed",
      { type: "worker_not_started", ...ref, message: "no such program" },
      ['worker_failures_total{consumer="async"} 1'],
    ],
    [
      "a failed exit",
      {
        type: "worker_exited",
        ...ref,
        pid: 1,
        exit: { kind: "exited", code: 3 },
        uptimeMs: 1,
        cause: null,
        failed: true,
      },
      ['worker_exits_total{consumer="async",exit_code="3"} 1', 'worker_failures_total{consumer="async"} 1'],
    ],
    [
      "an exit that pm asked for",
      {
        type: "worker_exited",
        ...ref,
        pid: 1,
        exit: { kind: "signaled", signal: "SIGKILL", number: 9 },
        uptimeMs: 1,
        cause: "scale_down",
        failed: false,
      },
      ['worker_exits_total{consumer="async",exit_code="137"} 1'],
    ],
    [
      "a delayed restart",
      { type: "worker_restarting", ...ref, reason: "exit_failure", delayMs: 900, attempt: 1 },
      ['worker_backoffs_total{consumer="async"} 1', 'worker_restarts_total{consumer="async",reason="exit_failure"} 1'],
    ],
    [
      "a restart at once",
      { type: "worker_restarting", ...ref, reason: "exit_success", delayMs: 0, attempt: 0 },
      ['worker_restarts_total{consumer="async",reason="exit_success"} 1'],
    ],
    [
      "a kill at shutdown",
      { type: "worker_killed", ...ref, cause: "shutdown", timeoutMs: 1, pid: 1, forced: false },
      ["worker_sigkills_total 1"],
    ],
    [
      "any other kill",
      { type: "worker_killed", ...ref, cause: "max_memory", timeoutMs: 1, pid: 1, forced: true },
      ["worker_sigkills_total 1"],
    ],
    [
      "a frame nobody understood",
      { type: "ipc_error", ...ref, kind: "oversized" },
      ['pm_ipc_errors_total{consumer="async",kind="oversized"} 1'],
    ],
    [
      "lost messages",
      { type: "messages_lost", ...ref, transport: "high", count: 3 },
      ['messenger_messages_lost_total{consumer="async",transport="high"} 3'],
    ],
    ["a pong", { type: "pong", ...ref }, []],
  ])("%s", async (_, event, expected) => {
    const metrics = create();
    const before = await series(metrics, /_total/u);
    metrics.record(event);
    const after = await series(metrics, /^(?!process_).*_total/u);
    expect(after.filter((line) => !before.includes(line)).toSorted()).toEqual(expected);
  });

  test("every reason of a restart has its counter", async () => {
    const metrics = create();
    const before = await series(metrics, /^worker_restarts_total\{consumer="async"/u);
    const reasons = before.map((line) => /reason="(\w+)"/u.exec(line)?.[1]);
    expect(reasons).toContain("no_progress" satisfies RestartReason);
    expect(reasons).toHaveLength(16);
  });
});

describe("consumers that come and go", () => {
  const added = { type: "consumer_added", consumer: "late", transports: ["mails"], autoscaled: true } as const;

  test("one that joins has its counters from then on, at 0", async () => {
    const metrics = create();
    expect(await series(metrics, /consumer="late"/u)).toEqual([]);
    metrics.record(added);
    const counters = await series(metrics, /consumer="late"/u);
    expect(counters).toContain('worker_starts_total{consumer="late"} 0');
    expect(counters).toContain('messages_processed_total{consumer="late",transport="mails"} 0');
    expect(counters).toContain('autoscaler_decisions_total{consumer="late",reason="steady"} 0');
    expect(counters).toContain('pm_log_lines_total{consumer="late",stream="stdout"} 0');
  });

  test("one that has gone leaves no series behind, and the others stay", async () => {
    const metrics = create();
    metrics.record(added);
    metrics.record({ type: "worker_started", pid: 7, transports: [], ...ref, consumer: "late" });
    metrics.record({ type: "messages_lost", transport: "mails", count: 1, ...ref, consumer: "late" });
    metrics.record({ type: "consumer_removed", consumer: "late" });
    await metrics.page(); // the series are taken out beside
    expect(await series(metrics, /consumer="late"/u)).toEqual([]);
    expect(await series(metrics, /^worker_starts_total/u)).toHaveLength(2);
  });

  test("one that comes back starts at 0", async () => {
    const metrics = create();
    metrics.record(added);
    metrics.record({ type: "worker_started", pid: 7, transports: [], ...ref, consumer: "late" });
    metrics.record({ type: "consumer_removed", consumer: "late" });
    await metrics.page();
    metrics.record(added);
    expect(await series(metrics, /^worker_starts_total\{consumer="late"/u)).toEqual([
      'worker_starts_total{consumer="late"} 0',
    ]);
  });
});

describe("messages", () => {
  test("an ended message is counted by class, and by consumer when it was handled", async () => {
    const metrics = create();
    metrics.record(message("received"));
    metrics.record(message("handled", { durationSeconds: 0.5 }));
    metrics.record(message("handled"));
    metrics.record(message("failed", { durationSeconds: 90 }));
    metrics.record(message("retried", { durationSeconds: 7 }));
    expect(await series(metrics, /^mess(?!.*le=).*transport="async"/u)).toEqual([
      'messages_processed_total{consumer="async",transport="async"} 2',
      'messenger_messages_processed_total{transport="async",message_class="App\\\\Msg"} 2',
      'messenger_messages_failed_total{transport="async",message_class="App\\\\Msg"} 1',
      'messenger_messages_retried_total{transport="async",message_class="App\\\\Msg"} 1',
      'messenger_message_duration_seconds_sum{transport="async",message_class="App\\\\Msg"} 90.5',
      'messenger_message_duration_seconds_count{transport="async",message_class="App\\\\Msg"} 2',
      'messenger_messages_in_flight{transport="async"} 0',
      'messenger_messages_lost_total{consumer="async",transport="async"} 0',
    ]);
    expect(await series(metrics, /_bucket/u)).toEqual([
      'messenger_message_duration_seconds_bucket{le="0.1",transport="async",message_class="App\\\\Msg"} 0',
      'messenger_message_duration_seconds_bucket{le="1",transport="async",message_class="App\\\\Msg"} 1',
      'messenger_message_duration_seconds_bucket{le="60",transport="async",message_class="App\\\\Msg"} 1',
      'messenger_message_duration_seconds_bucket{le="+Inf",transport="async",message_class="App\\\\Msg"} 2',
    ]);
  });

  test("a received message opens the counters of its class at 0, so that its end is seen as a rise", async () => {
    const metrics = create();
    metrics.record(message("received", { transport: "surprise" }));
    expect(await series(metrics, /surprise/u)).toEqual([
      'messages_processed_total{consumer="async",transport="surprise"} 0',
      'messenger_messages_processed_total{transport="surprise",message_class="App\\\\Msg"} 0',
      'messenger_messages_failed_total{transport="surprise",message_class="App\\\\Msg"} 0',
      'messenger_messages_retried_total{transport="surprise",message_class="App\\\\Msg"} 0',
      'messenger_messages_in_flight{transport="surprise"} 0',
      'messenger_messages_lost_total{consumer="async",transport="surprise"} 0',
    ]);
  });

  test("a class that is not on the whitelist is `other`", async () => {
    const metrics = create({ messageMetrics: { enabled: true, whitelist: ["App\\*"], durationBucketsSeconds: [1] } });
    metrics.record(message("handled"));
    metrics.record(message("handled", { class: "Vendor\\Msg" }));
    expect(await series(metrics, /^messenger_messages_processed_total/u)).toEqual([
      'messenger_messages_processed_total{transport="async",message_class="App\\\\Msg"} 1',
      'messenger_messages_processed_total{transport="async",message_class="other"} 1',
    ]);
  });

  test("a worker that makes up transports and classes cannot grow the page without bound", async () => {
    const metrics = create();
    for (let n = 0; n < 3_000; n += 1) metrics.record(message("handled", { class: `Made${n}` }));
    for (let n = 0; n < 500; n += 1) metrics.record(message("handled", { transport: `made${n}` }));
    expect(await series(metrics, /^messenger_messages_processed_total/u)).toHaveLength(1_001 + 101);
    expect(await series(metrics, /^messages_processed_total/u)).toHaveLength(2 + 101);
  });

  test("without message metrics there is nothing of messenger, and all else is there", async () => {
    const snapshot = aFarm([aConsumer({ workers: [aWorker({ inFlight: { async: 1 }, busy: 1 })] })]);
    const metrics = create({
      messageMetrics: { enabled: false, whitelist: [], durationBucketsSeconds: [1] },
      snapshot: () => snapshot,
    });
    metrics.record(message("handled", { durationSeconds: 1 }));
    metrics.record({ type: "messages_lost", ...ref, transport: "async", count: 1 });
    const page = await metrics.page();
    expect(page).not.toInclude("messenger_");
    expect(page).toInclude('messages_processed_total{consumer="async",transport="async"} 1\n');
    expect(page).toInclude('worker_busy{worker="1",consumer="async",transport="async"} 1\n');
  });
});

describe("gauges of the farm", () => {
  const workers = [
    aWorker({ id: 1, pid: 11, startedAtMs: 4_000, busy: 1, inFlight: { high: 1 }, lastPongEpochMs: 1_700_000_000_500 }),
    aWorker({ id: 2, pid: 12, state: "starting", startedAtMs: 9_500 }),
    aWorker({ id: 3, pid: 13, state: "draining", busy: 2, slots: 4, inFlight: { high: 2, async: 1 } }),
    aWorker({ id: 4, pid: null, startedAtMs: null, state: "backoff", nextStartAtMs: 11_000 }),
    aWorker({ id: 5, pid: null, startedAtMs: null, state: "parked" }),
  ];
  const snapshot = aFarm([aConsumer({ workers, target: 4, transports: ["async", "high"] })]);

  test("they say what the snapshot says", async () => {
    const metrics = create({
      snapshot: () => snapshot,
      processInfo: (pids) =>
        new Map(pids.filter((pid) => pid !== 13).map((pid) => [pid, { rssBytes: pid * 1024, cpuSeconds: pid / 100 }])),
    });
    expect(
      await series(
        metrics,
        /^(?:worker_(?!.*_total)|autoscaler_(?!.*_total)|messenger_messages_in|process_manager|worker_cpu)/u,
      ),
    ).toMatchSnapshot();
  });

  test("a name that workers chose is escaped", async () => {
    const inFlight = { 'a"b\\c\nd': 1 };
    const metrics = create({ snapshot: () => aFarm([aConsumer({ name: "plain", workers: [aWorker({ inFlight })] })]) });
    expect(await series(metrics, /^worker_busy\{/u)).toEqual([
      'worker_busy{worker="1",consumer="plain",transport="a\\"b\\\\c\\nd"} 1',
    ]);
  });

  test("a worker that has gone leaves no series, and a stopping farm does not run", async () => {
    let seen: FarmSnapshot = snapshot;
    const metrics = create({
      snapshot: () => seen,
      processInfo: (pids) => new Map(pids.map((pid) => [pid, { rssBytes: 1, cpuSeconds: 1 }])),
    });
    expect(await series(metrics, /worker="/u)).not.toEqual([]);
    seen = aFarm([aConsumer({ workers: [] })], "stopping");
    expect(await series(metrics, /worker="/u)).toEqual([]);
    expect(await series(metrics, /^process_manager_running/u)).toEqual(["process_manager_running 0"]);
    expect(await series(metrics, /^autoscaler_current_workers/u)).toEqual([
      'autoscaler_current_workers{consumer="async"} 0',
    ]);
  });

  test("a transport nobody named is busy while a worker is at work on it, and idle after", async () => {
    let seen = aFarm([aConsumer({ name: "plain", workers: [aWorker({ busy: 1, inFlight: { odd: 1 } })] })]);
    const metrics = create({ snapshot: () => seen });
    metrics.record({ ...message("received", { transport: "odd" }), consumer: "plain" });
    expect(await series(metrics, /^worker_busy\{/u)).toEqual([
      'worker_busy{worker="1",consumer="plain",transport="odd"} 1',
    ]);
    seen = aFarm([aConsumer({ name: "plain", workers: [aWorker()] })]);
    expect(await series(metrics, /^worker_busy\{/u)).toEqual([
      'worker_busy{worker="1",consumer="plain",transport="odd"} 0',
    ]);
  });
});

describe("the page", () => {
  test("log counters are the totals at the time of the scrape, and 0 where nothing is told", async () => {
    let lines = 5;
    const metrics = create({
      logCounters: () => [
        { consumer: "async", stream: "stderr", lines, bytes: 100, droppedLines: 2, truncatedLines: 1 },
      ],
    });
    await metrics.page();
    lines = 8;
    expect(await series(metrics, /^pm_log_.*consumer="async"/u)).toEqual([
      'pm_log_lines_total{consumer="async",stream="stdout"} 0',
      'pm_log_lines_total{consumer="async",stream="stderr"} 8',
      'pm_log_bytes_total{consumer="async",stream="stdout"} 0',
      'pm_log_bytes_total{consumer="async",stream="stderr"} 100',
      'pm_log_dropped_lines_total{consumer="async",stream="stdout"} 0',
      'pm_log_dropped_lines_total{consumer="async",stream="stderr"} 2',
      'pm_log_truncated_lines_total{consumer="async",stream="stdout"} 0',
      'pm_log_truncated_lines_total{consumer="async",stream="stderr"} 1',
    ]);
  });

  test("pm tells of itself: its build, reloads, and only those of its own figures that are right", async () => {
    const lines = await series(create(), /^(?:pm_build|pm_config|process_(?!manager)|nodejs)/u);
    expect(lines.map((line) => line.replace(/^(process_\w+) [\d.]+$/u, "$1 …"))).toEqual([
      'pm_config_reloads_total{result="success"} 0',
      'pm_config_reloads_total{result="failure"} 0',
      'pm_build_info{version="1.2.3",bun="1.4.5"} 1',
      "process_cpu_seconds_total …",
      "process_resident_memory_bytes …",
      "process_open_fds …",
      "process_max_fds …",
      "process_start_time_seconds …",
    ]);
  });

  test("two farms in one process count apart", async () => {
    const [one, two] = [create(), create()];
    one.record({ type: "worker_started", ...ref, pid: 1, transports: [] });
    expect(await series(two, /^worker_starts_total\{consumer="async"\}/u)).toEqual([
      'worker_starts_total{consumer="async"} 0',
    ]);
  });

  test("scrapes that come together are one scrape, a later one is anew", async () => {
    let snapshots = 0;
    const metrics = create({
      snapshot: () => {
        snapshots += 1;
        return aFarm([]);
      },
    });
    const [first, second] = await Promise.all([metrics.page(), metrics.page()]);
    expect([first === second, snapshots]).toEqual([true, 1]);
    await metrics.page();
    expect(snapshots).toBe(2);
  });

  test("a scrape that fails is not the last", async () => {
    let broken = true;
    const metrics = create({
      snapshot: () => {
        if (broken) throw new Error("no snapshot");
        return aFarm([]);
      },
    });
    expect(await metrics.page().catch(String)).toBe("Error: no snapshot");
    broken = false;
    expect(await metrics.page()).toInclude("process_manager_running 1");
  });

  test("many processes are read in turns, each once", async () => {
    const workers = Array.from({ length: 120 }, (_, n) => aWorker({ id: n + 1, pid: n + 1_000 }));
    const batches: number[] = [];
    const read: number[] = [];
    const metrics = create({
      snapshot: () => aFarm([aConsumer({ workers })]),
      processInfo: (pids) => {
        batches.push(pids.length);
        read.push(...pids);
        return new Map(pids.map((pid) => [pid, { rssBytes: pid, cpuSeconds: 0 }]));
      },
    });
    expect(await series(metrics, /^worker_resident_memory_bytes/u)).toHaveLength(120);
    expect(batches).toEqual([25, 25, 25, 25, 20]);
    expect(read).toEqual(workers.map(({ pid }) => pid ?? 0));
  });

  const noPromtool = missing("promtool");
  if (noPromtool !== null) console.log(`skipped: what promtool says of the page, ${noPromtool}`);

  test.skipIf(noPromtool !== null)("promtool has nothing to say against it after a varied history", async () => {
    const metrics = create({
      snapshot: () =>
        aFarm([
          aConsumer({ workers: [aWorker({ pid: 1, inFlight: { async: 1, 'odd\n"\\': 1 }, lastPongEpochMs: 1.5e12 })] }),
          aConsumer({ name: "warm", tasks: someTasks() }),
        ]),
      processInfo: () => new Map([[1, { rssBytes: 4096, cpuSeconds: 0.25 }]]),
      logCounters: () => [
        { consumer: "async", stream: "stdout", lines: 1, bytes: 2, droppedLines: 0, truncatedLines: 0 },
      ],
    });
    for (const name of ["App\\Msg", 'odd "\n\\', "lone\uD800", "lone\uDC00", "__proto__", "a,transport:b"]) {
      for (const event of ["received", "handled", "failed", "retried"] as const) {
        metrics.record(message(event, { class: name, transport: name, durationSeconds: 0.3 }));
      }
    }
    metrics.record({
      type: "worker_exited",
      ...ref,
      pid: 1,
      exit: { kind: "exited", code: 1 },
      uptimeMs: 1,
      cause: null,
      failed: true,
    });
    metrics.record({ type: "worker_killed", ...ref, cause: "shutdown", timeoutMs: 1, pid: 1, forced: false });
    const promtool = Bun.spawn(["promtool", "check", "metrics"], {
      stdin: new TextEncoder().encode(await metrics.page()),
      stdout: "pipe",
      stderr: "pipe",
    });
    const said = (await promtool.stdout.text()) + (await promtool.stderr.text());
    expect([await promtool.exited, said]).toEqual([0, ""]);
  });
});
