import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { PmEvent } from "../../src/core/farm/events.ts";
import type { ConsumerSpec, HookEvent, HookSpec } from "../../src/core/farm/spec.ts";
import type { HookFact } from "../../src/core/hooks/hook-fact.ts";
import { hookRunner, type RunCircumstances, type RunHook } from "../../src/runtime/hook-run.ts";
import { type HookPorts, Hooks } from "../../src/runtime/hooks.ts";
import { systemClock } from "../../src/runtime/system-clock.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { goneFromProcessTable, processesWith } from "../support/marked-processes.ts";
import { consumerSpec } from "../support/specs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function hook(on: HookEvent, changes: Partial<HookSpec> = {}): HookSpec {
  const limit = { runs: 1000, periodMs: 60_000 };
  const action = { kind: "command", command: ["/bin/notify", "x"] } as const;
  return { on, action, timeoutMs: 10_000, limit, stderrLines: 2, ...changes };
}

const ref = { worker: 3, slot: 1, consumer: "async" };
const exit = { kind: "exited", code: 1 } as const;
const failure = (worker = 3, consumer = "async"): PmEvent => ({
  type: "worker_exited",
  pid: 42,
  exit,
  uptimeMs: 5,
  cause: null,
  failed: true,
  ...ref,
  worker,
  consumer,
});
const recovery: PmEvent = { type: "consumer_recovered", consumer: "async" };
const stopping: PmEvent = { type: "worker_stopping", cause: "scale_down", signal: "SIGTERM", pid: 42, ...ref };

/** A run that ends when the test says so. */
interface Run extends RunCircumstances {
  readonly hook: HookSpec;
  readonly fact: HookFact;
  readonly signal: AbortSignal;
  end(failure?: string | null): void;
}

/** Hooks that run only on paper. */
class Paper {
  readonly clock = new FakeClock();
  readonly runs: Run[] = [];
  readonly notices: unknown[] = [];
  readonly asked: [worker: number, count: number][] = [];
  readonly hooks: Hooks;
  lines: () => Promise<readonly string[]> = () => Promise.resolve(["a", "b"]);

  constructor(farmHooks: readonly HookSpec[], consumers: readonly ConsumerSpec[] = [consumerSpec()]) {
    const ports: HookPorts = {
      clock: this.clock,
      farm: () => ({ hooks: farmHooks, consumers, shutdownTimeoutMs: 30_000 }),
      lastStderr: (worker, count) => {
        this.asked.push([worker, count]);
        return this.lines();
      },
      run: (spec, fact, circumstances, signal) => this.#run(spec, fact, circumstances, signal),
      emit: (event) => {
        if (event.type === "notice") this.notices.push(event.context);
        this.hooks.listen(event); // as the bus does
      },
    };
    this.hooks = new Hooks(ports);
  }

  #run(...[spec, fact, circumstances, signal]: Parameters<RunHook>): Promise<string | null> {
    const { promise, resolve } = Promise.withResolvers<string | null>();
    this.runs.push({ hook: spec, fact, ...circumstances, signal, end: (failed = null) => resolve(failed) });
    signal.addEventListener("abort", () => resolve("aborted"));
    return promise;
  }

  /** Hears events, and what follows at once has happened. */
  async hear(...events: readonly PmEvent[]): Promise<void> {
    for (const event of events) this.hooks.listen(event);
    await settled();
  }

  async end(index: number, failed: string | null = null): Promise<void> {
    this.runs[index]?.end(failed);
    await settled();
  }
}

/** All promises that were about to settle have done so. */
const settled = (): Promise<void> => new Promise(setImmediate);

describe("hooks", () => {
  test("run for their event alone, those of the farm before those of the consumer", async () => {
    const own = hook("worker_failed", { timeoutMs: 1 });
    const paper = new Paper(
      [hook("scaled"), hook("worker_failed")],
      [
        consumerSpec({ name: "other", hooks: [hook("worker_failed", { timeoutMs: 2 })] }),
        consumerSpec({ hooks: [own] }),
      ],
    );
    await paper.hear(failure(), recovery);
    expect(paper.runs.map(({ hook: { on, timeoutMs } }) => [on, timeoutMs])).toEqual([
      ["worker_failed", 10_000],
      ["worker_failed", 1],
    ]);
  });

  test("get the event, its time and the worker's last lines", async () => {
    const paper = new Paper([hook("worker_failed")]);
    paper.clock.advance(7);
    await paper.hear(failure());
    const [run] = paper.runs;
    expect(run?.fact).toMatchObject({ on: "worker_failed", consumer: "async", worker: 3, pid: 42, exit });
    expect(run).toMatchObject({ atEpochMs: 1_700_000_000_007, stderr: ["a", "b"], suppressed: 0 });
    expect(paper.asked).toEqual([[3, 2]]);
  });

  test("ask for the lines while the event is being told, also when they have to wait", async () => {
    const paper = new Paper([hook("worker_failed")]);
    for (let worker = 1; worker <= 6; worker++) paper.hooks.listen(failure(worker));
    expect(paper.asked.map(([worker]) => worker)).toEqual([1, 2, 3, 4, 5, 6]);
    await settled();
  });

  test("ask for no lines that nobody wants, or that no worker has written", async () => {
    const paper = new Paper([hook("worker_failed", { stderrLines: 0 }), hook("consumer_recovered")]);
    await paper.hear(failure(), recovery);
    expect([paper.asked, paper.runs.map(({ stderr }) => stderr)]).toEqual([[], [[], []]]);
  });

  test.each([
    ["cannot be had", () => Promise.reject(new Error("no ring"))],
    [
      "cannot even be asked for",
      () => {
        throw new Error("no ring");
      },
    ],
  ])("run without lines that %s", async (_, lines) => {
    const paper = new Paper([hook("worker_failed")]);
    paper.lines = lines;
    await paper.hear(failure());
    expect(paper.runs.map(({ stderr }) => stderr)).toEqual([[]]);
  });

  test("wait a second for the lines and no longer", async () => {
    const paper = new Paper([hook("worker_failed")]);
    paper.lines = () => new Promise(() => {});
    await paper.hear(failure());
    paper.clock.advance(999);
    await settled();
    expect(paper.runs).toHaveLength(0);
    paper.clock.advance(1);
    await settled();
    expect(paper.runs.map(({ stderr }) => stderr)).toEqual([[]]);
  });

  test("run as often as their limit allows for each consumer, and then tell how many they missed", async () => {
    const limited = hook("worker_failed", { limit: { runs: 2, periodMs: 1000 } });
    const paper = new Paper([limited]);
    await paper.hear(failure(), failure(), failure(), failure(), failure(1, "other"));
    expect(paper.runs.map(({ fact: { consumer } }) => consumer)).toEqual(["async", "async", "other"]);
    paper.clock.advance(1000);
    for (const index of [0, 1, 2]) await paper.end(index);
    await paper.hear(failure(), failure());
    expect(paper.runs.map(({ suppressed }) => suppressed)).toEqual([0, 0, 0, 2, 0]);
  });

  test("keep their limits when a reload leaves them as they are, and forget those of a consumer that is gone", async () => {
    const limit = { runs: 1, periodMs: 1000 };
    const farmHooks = [hook("worker_failed", { limit })];
    const paper = new Paper(farmHooks);
    await paper.hear(failure());
    farmHooks[0] = hook("worker_failed", { limit }); // the same in a new farm
    await paper.hear(failure());
    expect(paper.runs).toHaveLength(1);
    await paper.hear({ type: "consumer_removed", consumer: "async" }, failure());
    expect(paper.runs).toHaveLength(2);
  });

  test("run four at a time, in the order of the events", async () => {
    const paper = new Paper([hook("worker_failed")]);
    await paper.hear(...[1, 2, 3, 4, 5, 6].map((worker) => failure(worker)));
    expect(paper.runs.map(({ fact: { worker } }) => worker)).toEqual([1, 2, 3, 4]);
    await paper.end(2);
    expect(paper.runs.map(({ fact: { worker } }) => worker)).toEqual([1, 2, 3, 4, 5]);
    await paper.end(0, "exit code 1");
    expect(paper.runs.map(({ fact: { worker } }) => worker)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("wait a hundred at a time; what comes then is left out, counted and told once", async () => {
    const paper = new Paper([hook("worker_failed")]);
    for (let worker = 1; worker <= 4 + 100 + 7; worker++) paper.hooks.listen(failure(worker));
    await settled();
    expect(paper.notices).toEqual([
      { hook: "worker_failed: notify", consumer: "async", error: "100 others are waiting to run" },
    ]);
    for (let index = 0; index < 104; index++) await paper.end(index);
    await paper.hear(failure());
    expect(paper.runs.map(({ suppressed }) => suppressed)).toEqual([...Array.from({ length: 104 }, () => 0), 7]);
  });

  test("are ended when their time is over, and the next one runs", async () => {
    const paper = new Paper([hook("worker_failed", { timeoutMs: 50 })]);
    await paper.hear(...[1, 2, 3, 4, 5].map((worker) => failure(worker)));
    paper.clock.advance(49);
    expect(paper.runs.map(({ signal }) => signal.aborted)).toEqual([false, false, false, false]);
    paper.clock.advance(1);
    await settled();
    expect(paper.runs.map(({ signal }) => signal.aborted)).toEqual([true, true, true, true, false]);
    expect(paper.notices).toEqual([
      { hook: "worker_failed: notify", consumer: "async", error: "it took longer than 50 ms" },
    ]);
  });

  test("that fail are told at most once a minute each, and their next run says what was missed", async () => {
    const other = hook("worker_failed", {
      action: { kind: "webhook", url: "https://u:p@h/services/secret", headers: {} },
    });
    const paper = new Paper([hook("worker_failed"), other]);
    const fail = async (): Promise<void> => {
      await paper.hear(failure());
      for (const run of paper.runs) run.end("exit code 1");
      await settled();
    };
    await fail();
    const both = [
      { hook: "worker_failed: notify", consumer: "async", error: "exit code 1" },
      { hook: "worker_failed: https://h/***", consumer: "async", error: "exit code 1" },
    ];
    expect(paper.notices).toEqual(both);
    paper.clock.advance(59_999);
    await fail();
    expect(paper.notices).toEqual(both);
    paper.clock.advance(1);
    await fail();
    expect(paper.notices).toEqual([...both, ...both]);
    expect(paper.runs.map(({ suppressed }) => suppressed)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test("that break are as those that fail", async () => {
    const paper = new Paper([hook("worker_failed")]);
    const broken = new Hooks({
      clock: paper.clock,
      farm: () => ({ hooks: [hook("worker_failed")], consumers: [], shutdownTimeoutMs: 0 }),
      lastStderr: paper.lines,
      run: () => Promise.reject(new Error("a bug")),
      emit: (event) => void paper.notices.push(event),
    });
    broken.listen(failure());
    await settled();
    expect(paper.notices).toMatchObject([{ context: { error: "Error: a bug" } }]);
  });

  describe("for a worker without a deadline for its stop", () => {
    const forever = [consumerSpec({ stopTimeoutMs: 0, hooks: [hook("drain_stuck")] })];

    test("run when it is still there after a minute", async () => {
      const paper = new Paper([], forever);
      await paper.hear(stopping);
      paper.clock.advance(59_999);
      await settled();
      expect(paper.runs).toHaveLength(0);
      paper.clock.advance(1);
      await settled();
      expect(paper.runs.map(({ fact }) => [fact.on, fact.worker, fact.pid])).toEqual([["drain_stuck", 3, 42]]);
    });

    test.each([
      ["has ended in time", forever, failure()],
      ["has a deadline", [consumerSpec({ stopTimeoutMs: 1, hooks: [hook("drain_stuck")] })], recovery],
    ])("do not run when it %s", async (_, consumers, next) => {
      const paper = new Paper([], consumers);
      await paper.hear(stopping, next);
      paper.clock.advance(60_000);
      await settled();
      expect(paper.runs).toHaveLength(0);
    });
  });

  describe("at the end of the farm", () => {
    test("are waited for, those that wait too", async () => {
      const paper = new Paper([hook("worker_failed")]);
      await paper.hear(...[1, 2, 3, 4, 5].map((worker) => failure(worker)));
      let over = false;
      const finished = paper.hooks.finish().then(() => (over = true));
      for (const index of [0, 1, 2, 3]) await paper.end(index);
      expect([paper.runs.length, over]).toEqual([5, false]);
      await paper.end(4);
      await finished;
      expect(paper.notices).toEqual([]);
    });

    test("are ended after two seconds", async () => {
      const paper = new Paper([hook("worker_failed")]);
      await paper.hear(...[1, 2, 3, 4, 5].map((worker) => failure(worker)));
      const finished = paper.hooks.finish();
      await settled();
      paper.clock.advance(1_999);
      expect(paper.runs.map(({ signal }) => signal.aborted)).toEqual([false, false, false, false]);
      paper.clock.advance(1);
      await finished;
      expect(paper.runs.map(({ signal }) => signal.aborted)).toEqual([true, true, true, true]);
      expect(paper.notices).toHaveLength(1);
      await paper.hear(failure());
      expect(paper.runs).toHaveLength(4);
    });

    test("cost nothing where none runs", async () => {
      await new Paper([hook("worker_failed")]).hooks.finish();
    });
  });
});

/** In the environment of all that a test starts. */
let mark = "";
beforeEach(() => {
  mark = crypto.randomUUID();
});
afterEach(() => goneFromProcessTable(mark));

const fact: HookFact = {
  on: "worker_failed",
  consumer: "async",
  worker: 3,
  slot: 1,
  pid: 42,
  exit,
  message: "worker 3 of async failed after 1 s: exit code 1",
  details: {},
};
const circumstances: RunCircumstances = { atEpochMs: 0, stderr: ["last words"], suppressed: 0 };

function runReal(
  action: HookSpec["action"],
  { cwd = "/", signal = new AbortController().signal, stderr = circumstances.stderr } = {},
): Promise<string | null> {
  const env = { PATH: process.env["PATH"] ?? "", MARK: mark, API_TOKEN: "t0ken" };
  const run = hookRunner({ cwd, env, host: "web1", farm: "/srv/pm.yaml" });
  return run(hook("worker_failed", { action }), fact, { ...circumstances, stderr }, signal);
}

const sh = (script: string): HookSpec["action"] => ({ kind: "command", command: ["sh", "-c", script] });

describe("a command", () => {
  test("gets the event on its stdin and the most of it in its environment", async () => {
    using folder = temporaryFolder();
    const script =
      'cat > in.json; printf "%s\\n" "$PM_HOOK_EVENT" "$PM_HOOK_CONSUMER" "$PM_HOOK_WORKER" "$PM_HOOK_MESSAGE" > vars';
    expect(await runReal(sh(script), { cwd: folder.path })).toBeNull();
    expect(await Bun.file(`${folder.path}/in.json`).json()).toMatchObject({
      version: 1,
      event: "worker_failed",
      host: "web1",
      farm: "/srv/pm.yaml",
      stderr: ["last words"],
    });
    expect(await Bun.file(`${folder.path}/vars`).text()).toBe(`worker_failed\nasync\n3\n${fact.message}\n`);
  });

  test("need not read what it gets, however long that is, and may say what it likes", async () => {
    const stderr = Array.from({ length: 200 }, () => "x".repeat(4000));
    expect(await runReal({ kind: "command", command: ["true"] }, { stderr })).toBeNull();
    expect(await runReal(sh("wc -c; head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"), { stderr })).toBeNull();
  });

  test.each([
    ["fails", sh("echo 'denied for t0ken' >&2; exit 3"), "exit code 3: denied for ***"],
    ["is killed", sh("kill -9 $$"), "killed by SIGKILL"],
    [
      "is missing",
      { kind: "command", command: ["nosuch"] },
      "the program nosuch was not found; install it or give its full path",
    ],
  ] as const)("that %s is told", async (_, action, why) => {
    expect(await runReal(action)).toBe(why);
  });

  test("that never ends is killed with its children when its time is over", async () => {
    const controller = new AbortController();
    const run = runReal(sh("trap '' TERM HUP; sleep 600 & sleep 600"), controller);
    while (processesWith(mark).length < 3) await settled();
    controller.abort();
    expect(await run).toBe("killed by SIGKILL");
    await goneFromProcessTable(mark);
  });

  test("leaves nothing behind, and no descriptor open", async () => {
    await runReal(sh("sleep 600 &"));
    await goneFromProcessTable(mark);
    const before = readdirSync("/proc/self/fd").length;
    for (let n = 0; n < 10; n++) await runReal(sh("cat"));
    while (readdirSync("/proc/self/fd").length > before) await settled();
  });
});

/** A server that answers each request so, and what it was sent. */
function serve(answer: (request: Request) => Response | Promise<Response>) {
  const heard: { method: string; path: string; headers: Headers; body: string }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname: path } = new URL(request.url);
      heard.push({ method: request.method, path, headers: new Headers(request.headers), body: await request.text() });
      return answer(request);
    },
  });
  return { heard, port: server.port, [Symbol.asyncDispose]: () => server.stop(true) };
}

const webhook = (url: string, headers = {}): HookSpec["action"] => ({ kind: "webhook", url, headers });

describe("a webhook", () => {
  test("is posted the event as JSON, with its headers and credentials", async () => {
    await using server = serve(() => new Response("ok"));
    const url = `http://bob:hunter2@127.0.0.1:${server.port}/services/x`;
    expect(await runReal(webhook(url, { "X-Odd": "1" }))).toBeNull();
    const [request] = server.heard;
    expect([request?.method, request?.path]).toEqual(["POST", "/services/x"]);
    expect(Object.fromEntries(request?.headers ?? [])).toMatchObject({
      "content-type": "application/json",
      "x-odd": "1",
      authorization: `Basic ${btoa("bob:hunter2")}`,
    });
    expect(JSON.parse(request?.body ?? "")).toMatchObject({ text: fact.message, event: "worker_failed" });
  });

  test.each([
    ["204", () => new Response(null, { status: 204 }), null],
    [
      "a refusal",
      () => new Response("invalid_payload for secretpath\nmore", { status: 400 }),
      "HTTP 400: invalid_payload for ***",
    ],
    ["a failure without words", () => new Response(null, { status: 500 }), "HTTP 500"],
    [
      "a redirect",
      () => new Response(null, { status: 307, headers: { location: "file:///etc/passwd" } }),
      "HTTP 307: a redirect, which pm does not follow; give the URL it leads to",
    ],
  ])("that answers %s succeeds, or is told", async (_, answer, expected) => {
    await using server = serve(answer);
    expect(await runReal(webhook(`http://127.0.0.1:${server.port}/secretpath`))).toBe(expected);
    expect(server.heard).toHaveLength(1);
  });

  test("that is not there is told in words, and not tried again", async () => {
    expect(await runReal(webhook("http://127.0.0.1:1/secretpath"))).toBe(
      "no connection; is the server running, and the address right?",
    );
  });

  test.each([
    ["never answers", () => new Promise<Response>(() => {})],
    ["never ends its refusal", () => new Response(endless(), { status: 500 })],
  ])("that %s ends when its time is over", async (_, answer) => {
    await using server = serve(answer);
    const controller = new AbortController();
    const run = runReal(webhook(`http://127.0.0.1:${server.port}/`), controller);
    while (server.heard.length === 0) await settled();
    controller.abort();
    expect(await run).toBeString();
  });

  test("that never ends its yes is not waited for", async () => {
    await using server = serve(() => new Response(endless()));
    expect(await runReal(webhook(`http://127.0.0.1:${server.port}/`))).toBeNull();
  });
});

/** Begins and then says nothing more. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("so")) });
}

test("real hooks on the real clock: what hangs is ended, what fails is told, nothing is left", async () => {
  const notices: string[] = [];
  const told = Promise.withResolvers<void>();
  const run = hookRunner({ cwd: "/", env: { PATH: process.env["PATH"] ?? "", MARK: mark }, host: "", farm: "" });
  const farmHooks = [
    hook("worker_failed", { action: sh("sleep 600"), timeoutMs: 50 }),
    hook("worker_failed", { action: sh("exit 7") }),
  ];
  const hooks = new Hooks({
    clock: systemClock,
    farm: () => ({ hooks: farmHooks, consumers: [], shutdownTimeoutMs: 0 }),
    lastStderr: () => Promise.resolve([]),
    run,
    emit: (event) => {
      if (event.type === "notice") notices.push(String(event.context["error"]));
      if (notices.length === 2) told.resolve();
    },
  });
  hooks.listen(failure());
  await told.promise;
  expect(notices.toSorted()).toEqual(["exit code 7", "it took longer than 50 ms"]);
  await hooks.finish();
});
