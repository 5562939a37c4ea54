import { describe, expect, test } from "bun:test";

import type { TaskAnswer } from "../../../src/core/tasks/task.ts";
import { type FakeProcess, failing, ok, RehearsedPool, request } from "./rehearsed-pool.ts";

const strategies = ["least_loaded", "round_robin"] as const;

describe("who gets a task", () => {
  test.each(strategies)("%s: idle workers get one each before anything waits", (dispatch) => {
    const farm = new RehearsedPool({ dispatch });
    const workers = [0, 1, 2].map((number) => farm.open(number));
    for (const payload of ["a", "b", "c"]) farm.submit(payload);
    expect(workers.map(({ holds }) => holds)).toEqual([["a"], ["b"], ["c"]]);
  });

  test("least loaded: of idle ones the longest idle", () => {
    const farm = new RehearsedPool();
    const [first, second] = [farm.open(0), farm.open(1)];
    farm.submit("a");
    first.answer();
    farm.submit("b");
    farm.submit("c");
    expect([first.holds, second.holds]).toEqual([["c"], ["b"]]);
  });

  test.each(strategies)("%s: a worker that becomes free takes from the fullest mailbox", (dispatch) => {
    const farm = new RehearsedPool({ dispatch });
    const [slow, quick] = [farm.open(0), farm.open(1)];
    for (const payload of ["a", "b", "c", "d", "e", "f"]) farm.submit(payload);
    const began = quick.sent.length;
    for (let turn = 0; turn < 5; turn++) quick.answer();
    expect(slow.sent).toEqual(["a"]);
    expect(quick.sent.length - began).toBe(4);
    expect(farm.pool.waiting).toBe(0);
  });

  test("a worker that has not opened yet takes tasks only when no open one has room, and begins with them when it opens", () => {
    const farm = new RehearsedPool({ mailboxLimit: 1 });
    const [open, starting] = [farm.open(0), farm.attach(1)];
    for (const payload of ["a", "b", "c"]) farm.submit(payload);
    expect([open.holds, starting.holds, farm.pool.waiting]).toEqual([["a"], [], 2]);
    starting.tasks.open();
    expect(starting.holds).toHaveLength(1);
    expect(farm.pool.waiting).toBe(1);
  });

  test("several tasks at a time where the worker can", () => {
    const farm = new RehearsedPool({ concurrency: 2, prefetch: 5 });
    const worker = farm.open(0);
    for (const payload of ["a", "b", "c"]) farm.submit(payload);
    expect(worker.holds).toEqual(["a", "b"]);
    worker.answer(ok, 1);
    expect(worker.holds).toEqual(["a", "c"]);
    expect(farm.problems).toEqual([]);
  });

  test("higher priority first, then the order of arrival", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    farm.submit("running");
    for (const [payload, priority] of [
      ["a", 0],
      ["b", 1],
      ["c", 0],
      ["d", 1],
    ] as const)
      farm.submit(payload, { priority });
    for (let turn = 0; turn < 4; turn++) worker.answer();
    expect(worker.sent).toEqual(["running", "b", "d", "a", "c"]);
  });
});

describe("too much", () => {
  test("where many long tasks wait, others are refused although the mailboxes have room, until some have gone", () => {
    const long = "1".repeat(64 * 1024 * 1024);
    const farm = new RehearsedPool({ maxBytes: long.length });
    const worker = farm.open(0);
    for (let task = 0; task < 5; task++) farm.pool.submit(request(long), () => {});
    expect(farm.pool.room).toBe(0);
    farm.submit("short");
    expect(farm.answers).toEqual(["short:overloaded"]);
    let called = false;
    farm.pool.whenRoom(() => (called = true));
    worker.answer();
    expect([called, farm.pool.waiting]).toEqual([true, 3]);
    farm.submit("again");
    expect(farm.pool.waiting).toBe(4);
  });

  test.each(strategies)("%s: beyond all mailboxes a task is refused before submit returns", (dispatch) => {
    const farm = new RehearsedPool({ dispatch, mailboxLimit: 2 });
    farm.open(0);
    farm.open(1);
    for (let task = 0; task < 6; task++) farm.submit(String(task));
    expect([farm.pool.room, farm.pool.waiting, farm.pool.inFlight]).toEqual([0, 4, 2]);
    farm.submit("one more");
    expect(farm.answers).toEqual(["one more:overloaded"]);
    expect(farm.pool.figures().rejected.overloaded).toBe(1);
  });

  test("with a mailbox of 0 nothing waits", () => {
    const farm = new RehearsedPool({ mailboxLimit: 0 });
    const worker = farm.open(0);
    farm.submit("a");
    farm.submit("b");
    worker.answer();
    farm.submit("c");
    expect(farm.answers).toEqual(["b:overloaded", "a:1"]);
    expect(worker.holds).toEqual(["c"]);
  });

  test("room is told as soon as there is some, once, to one after the other", () => {
    const farm = new RehearsedPool({ mailboxLimit: 0 });
    const worker = farm.open(0);
    farm.submit("a");
    const called: string[] = [];
    farm.pool.whenRoom(() => {
      called.push("first");
      farm.submit("b");
    });
    farm.pool.whenRoom(() => called.push("second"));
    farm.pool.whenRoom(() => called.push("called off"))();
    expect(called).toEqual([]);
    worker.answer();
    expect(called).toEqual(["first"]);
    worker.answer();
    worker.tasks.close();
    expect(called).toEqual(["first", "second"]);
  });

  test("whoever asks for room while there is some is called in a moment", () => {
    const farm = new RehearsedPool();
    let calls = 0;
    farm.pool.whenRoom(() => (calls += 1));
    expect(calls).toBe(0);
    farm.clock.advance(0);
    expect(calls).toBe(1);
  });

  test("a task longer than allowed is refused by its bytes", () => {
    const farm = new RehearsedPool({ maxBytes: 6 });
    farm.open(0);
    for (const payload of ['"1234"', '"12345"', '"äö"', '"äöü"']) farm.submit(payload);
    expect(farm.answers).toEqual(['"12345":too_large', '"äöü":too_large']);
  });

  test("a call that would wait for itself is refused", () => {
    const farm = new RehearsedPool();
    farm.open(0);
    farm.submit("a", { chain: ["thumbs"] });
    farm.submit("b", { chain: ["mails"] });
    expect(farm.answers).toEqual(["a:loop"]);
  });

  test("it wants so many tasks under way as keep all workers busy", () => {
    const farm = new RehearsedPool({ prefetch: 3 });
    expect(farm.pool.appetite).toBe(1);
    farm.open(0);
    farm.open(1);
    expect(farm.pool.appetite).toBe(8);
  });
});

describe("no worker at all", () => {
  test("tasks wait in a lobby as large as a mailbox, a worker is asked for, and it begins with them when it comes", () => {
    const farm = new RehearsedPool({ mailboxLimit: 2 });
    for (const payload of ["a", "b", "c"]) farm.submit(payload);
    expect([farm.wanted, farm.answers]).toEqual([1, ["c:overloaded"]]);
    const worker = farm.open(0);
    worker.answer();
    expect(worker.sent).toEqual(["a", "b"]);
  });

  test("a worker made at once when it is asked for gets the task", () => {
    const farm = new RehearsedPool();
    const made: FakeProcess[] = [];
    farm.onWanted = () => made.push(farm.open(0));
    farm.submit("a");
    expect(made.map(({ holds }) => holds)).toEqual([["a"]]);
  });

  test("what waits for a slot that is given up moves to workers with room, then to the lobby, then is answered", () => {
    const farm = new RehearsedPool({ mailboxLimit: 2, timeoutMs: 100 });
    const [leaving, staying] = [farm.open(0), farm.open(1)];
    for (let task = 0; task < 6; task++) farm.submit(String(task));
    farm.pool.leave(0);
    expect([farm.pool.waiting, farm.answers]).toEqual([4, []]);
    farm.pool.leave(1);
    expect(farm.answers).toHaveLength(2);
    expect(farm.answers.every((answer) => answer.endsWith(":overloaded"))).toBe(true);
    expect([farm.pool.waiting, farm.wanted]).toEqual([2, 1]);
    leaving.answer();
    staying.answer();
    expect(farm.answers.filter((answer) => answer.endsWith(":1"))).toHaveLength(2);
  });

  test("a slot that was given up comes back with its next process", () => {
    const farm = new RehearsedPool();
    farm.open(0);
    farm.pool.leave(0);
    farm.pool.leave(0);
    farm.submit("a");
    expect(farm.open(0).holds).toEqual(["a"]);
  });
});

describe("time", () => {
  test("a task whose time is over before it began is answered and never run", () => {
    const farm = new RehearsedPool({ timeoutMs: 100 });
    const worker = farm.open(0);
    farm.submit("a", { timeoutMs: 1_000 });
    farm.submit("b");
    farm.clock.advance(99);
    expect(farm.answers).toEqual([]);
    farm.clock.advance(1);
    expect(farm.answers).toEqual(["b:timeout"]);
    worker.answer();
    expect(worker.sent).toEqual(["a"]);
    expect(worker.cancelled).toEqual([]);
  });

  test("one whose time is over at work is answered at once, and its worker is asked to break it off", () => {
    const farm = new RehearsedPool({ timeoutMs: 100 });
    const worker = farm.open(0);
    farm.submit("a");
    farm.clock.advance(100);
    expect(farm.answers).toEqual(["a:timeout"]);
    expect(worker.cancelled).toEqual(worker.hand.map(({ id }) => id));
    farm.clock.advance(999);
    worker.answer(failing("failed"));
    farm.clock.advance(5_000);
    expect([worker.replaced, farm.problems, farm.answers]).toEqual([[], [], ["a:timeout"]]);
    farm.submit("b");
    expect(worker.holds).toEqual(["b"]);
  });

  test("a worker that does not let go of it within a second is replaced, and gets no more", () => {
    const farm = new RehearsedPool({ timeoutMs: 100 });
    const [stuck, other] = [farm.open(0), farm.open(1)];
    farm.submit("a", { timeoutMs: 50 });
    farm.clock.advance(50 + 999);
    expect(stuck.replaced).toEqual([]);
    farm.clock.advance(1);
    expect(stuck.replaced).toEqual(["task_stuck"]);
    for (const payload of ["b", "c"]) farm.submit(payload);
    expect([stuck.sent, other.holds]).toEqual([["a"], ["b"]]);
    stuck.tasks.lost("killed");
    expect(farm.answers).toEqual(["a:timeout"]);
  });

  test("a task that only lies ready has its second from the moment the worker comes to it", () => {
    const farm = new RehearsedPool({ prefetch: 1 });
    const worker = farm.open(0);
    farm.submit("long");
    const callOff = farm.submit("ready");
    callOff();
    expect(worker.cancelled).toHaveLength(1);
    farm.clock.advance(30_000);
    expect(worker.replaced).toEqual([]);
    worker.answer();
    farm.clock.advance(999);
    expect(worker.replaced).toEqual([]);
    farm.clock.advance(1);
    expect(worker.replaced).toEqual(["task_stuck"]);
  });

  test("tasks of different times each end at their own, with one timer", () => {
    const farm = new RehearsedPool();
    for (const [payload, timeoutMs] of [
      ["c", 300],
      ["a", 100],
      ["b", 200],
    ] as const)
      farm.submit(payload, { timeoutMs });
    farm.clock.advance(150);
    expect(farm.answers).toEqual(["a:timeout"]);
    farm.clock.advance(200);
    expect(farm.answers).toEqual(["a:timeout", "b:timeout", "c:timeout"]);
  });
});

describe("called off", () => {
  test("one that waits is never run", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    farm.submit("a");
    const callOff = farm.submit("b");
    callOff();
    callOff();
    worker.answer();
    expect([farm.answers, worker.sent]).toEqual([["b:cancelled", "a:1"], ["a"]]);
  });

  test("one at work is answered at once; the worker has a second to let go", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    farm.submit("a")();
    expect([farm.answers, worker.cancelled.length]).toEqual([["a:cancelled"], 1]);
    farm.clock.advance(1_000);
    expect(worker.replaced).toEqual(["task_stuck"]);
  });

  test("after the answer it is too late", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    const callOff = farm.submit("a");
    worker.answer();
    callOff();
    expect([farm.answers, worker.cancelled]).toEqual([["a:1"], []]);
  });
});

describe("again", () => {
  test("a failure is run again as often as allowed, before others of its priority", () => {
    const farm = new RehearsedPool({ retries: 2 });
    const worker = farm.open(0);
    farm.submit("a");
    farm.submit("b");
    farm.submit("urgent", { priority: 1 });
    worker.answer(failing("failed"));
    expect(worker.holds).toEqual(["urgent"]);
    worker.answer();
    worker.answer(failing("failed"));
    worker.answer(failing("failed"));
    expect(worker.sent).toEqual(["a", "urgent", "a", "a", "b"]);
    expect(farm.answers).toEqual(["urgent:1", "a:failed"]);
    expect(farm.pool.figures()).toMatchObject({ retried: 2, finished: { failed: 1, ok: 1 } });
  });

  test.each([
    ["final", "a:failed"],
    ["too_large", "a:too_large"],
  ] as const)("a %s answer is not run again", (kind, answer) => {
    const farm = new RehearsedPool({ retries: 2 });
    const worker = farm.open(0);
    farm.submit("a");
    worker.answer(failing(kind));
    expect([farm.answers, worker.sent]).toEqual([[answer], ["a"]]);
  });

  test.each([
    ["whose worker was lost", (worker: FakeProcess) => worker.tasks.lost("killed")],
    ["that was refused", (worker: FakeProcess) => worker.answer(failing("refused"))],
  ])("a task %s goes before one that came earlier and has not been tried", (_, fail) => {
    const farm = new RehearsedPool({ retries: 1 });
    const [slow, quick] = [farm.open(0), farm.open(1)];
    for (const payload of ["a", "b", "earlier", "later"]) farm.submit(payload);
    quick.answer();
    expect(quick.holds).toEqual(["later"]);
    fail(quick);
    slow.answer();
    expect(slow.holds).toEqual(["later"]);
  });

  test("a request says how often, whatever the consumer says", () => {
    const farm = new RehearsedPool({ retries: 2 });
    const worker = farm.open(0);
    farm.submit("a", { retries: 0 });
    worker.answer(failing("failed"));
    expect(farm.answers).toEqual(["a:failed"]);
  });

  test("a refusal costs no attempt: another worker gets it, or the same one after a moment", () => {
    const farm = new RehearsedPool();
    const [first, second] = [farm.open(0), farm.open(1)];
    farm.submit("a");
    first.answer(failing("refused"));
    expect(second.holds).toEqual(["a"]);
    second.answer(failing("refused"));
    expect([first.holds, second.holds]).toEqual([[], []]);
    farm.clock.advance(49);
    expect([...first.holds, ...second.holds]).toEqual([]);
    farm.clock.advance(1);
    expect([...first.holds, ...second.holds]).toEqual(["a"]);
    expect(farm.pool.figures().retried).toBe(0);
  });

  test("what is refused without end is answered at its deadline", () => {
    const farm = new RehearsedPool({ timeoutMs: 500 });
    const worker = farm.open(0);
    worker.onSend = (id) => {
      worker.tasks.answered(id, failing("refused"));
      return true;
    };
    farm.submit("a");
    farm.clock.advance(1_000);
    expect(farm.answers).toEqual(["a:timeout"]);
    expect(worker.sent.length).toBeGreaterThan(5);
  });
});

describe("a lost worker", () => {
  test("fails the task at work only: what lay ready or waited goes to others", () => {
    const farm = new RehearsedPool({ prefetch: 2, mailboxLimit: 4 });
    const worker = farm.open(0);
    for (const payload of ["a", "b", "c", "d"]) farm.submit(payload);
    expect(worker.holds).toEqual(["a", "b", "c"]);
    const other = farm.attach(1);
    worker.tasks.lost("exit code 1");
    worker.tasks.lost("exit code 1");
    expect(farm.answers).toEqual(["a:lost"]);
    expect(farm.messages[0]).toContain("exit code 1");
    other.tasks.open();
    expect(other.holds).toEqual(["b", "c", "d"]);
  });

  test("its task is run again where it may be, before all others", () => {
    const farm = new RehearsedPool({ retries: 1 });
    const worker = farm.open(0);
    farm.submit("a");
    farm.submit("b");
    worker.tasks.lost("killed");
    const next = farm.open(0);
    expect(next.holds).toEqual(["a"]);
    next.tasks.lost("killed");
    expect(farm.answers).toEqual(["a:lost"]);
    expect(farm.open(0).holds).toEqual(["b"]);
  });

  test("what waits for it stays while nobody else has room, and the new process has it", () => {
    const farm = new RehearsedPool({ mailboxLimit: 2 });
    const [worker, full] = [farm.open(0), farm.open(1)];
    for (let task = 0; task < 6; task++) farm.submit(String(task));
    worker.tasks.lost("killed");
    expect([farm.answers, farm.pool.waiting, full.holds.length]).toEqual([["0:lost"], 4, 1]);
    const next = farm.open(0);
    for (let turn = 0; turn < 3; turn++) for (const one of [next, full]) if (one.hand.length > 0) one.answer();
    expect(farm.answers).toHaveLength(6);
  });

  test("an answer after its loss is ignored", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    farm.submit("a");
    worker.tasks.lost("killed");
    worker.answer();
    expect([farm.answers, farm.problems]).toEqual([["a:lost"], []]);
  });

  test("after an answer out of order all it was sent counts as begun, and nothing more is laid ready", () => {
    const farm = new RehearsedPool({ prefetch: 2 });
    const worker = farm.open(0);
    for (const payload of ["a", "b", "c", "d"]) farm.submit(payload);
    worker.answer(ok, 1);
    expect(worker.holds).toEqual(["a", "c"]);
    worker.tasks.lost("killed");
    expect(farm.answers).toEqual(["b:1", "a:lost", "c:lost"]);
    expect(farm.pool.waiting).toBe(1);
  });

  test("a lane that breaks gets no more, its owner hears of it once, and the task goes elsewhere", () => {
    const farm = new RehearsedPool();
    const [broken, other] = [farm.open(0), farm.open(1)];
    broken.onSend = () => {
      broken.tasks.broken("no reader");
      return false;
    };
    farm.submit("a");
    expect([broken.replaced, other.holds]).toEqual([["task_broken"], ["a"]]);
    broken.tasks.open();
    farm.submit("b");
    expect([broken.sent, farm.pool.inFlight, farm.pool.waiting]).toEqual([[], 1, 1]);
  });

  test("tasks in the hand of a broken lane may still be answered", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    farm.submit("a");
    worker.tasks.broken("no reader");
    worker.answer();
    expect(farm.answers).toEqual(["a:1"]);
  });
});

describe("wrong answers", () => {
  test("a second answer and one to a task it never had are counted and change nothing", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(3);
    farm.submit("a");
    const id = worker.hand[0]?.id ?? -1;
    worker.answer();
    worker.tasks.answered(id, ok);
    worker.tasks.answered(id + 1_000, ok);
    worker.tasks.problem("garbage", "hello");
    expect(farm.problems).toEqual([
      { worker: 3, kind: "answered_twice" },
      { worker: 3, kind: "wrong_id" },
      { worker: 3, kind: "garbage" },
    ]);
    expect(farm.answers).toEqual(["a:1"]);
    expect(farm.pool.figures().protocolErrors).toMatchObject({ answered_twice: 1, wrong_id: 1, garbage: 1 });
  });

  test("a late answer to an attempt that failed is not taken for one of the next attempt", () => {
    const farm = new RehearsedPool({ retries: 1 });
    const worker = farm.open(0);
    farm.submit("a");
    const id = worker.hand[0]?.id ?? -1;
    worker.answer(failing("failed"));
    worker.tasks.answered(id, ok);
    expect(farm.answers).toEqual([]);
    expect(farm.problems).toEqual([{ worker: 0, kind: "answered_twice" }]);
  });
});

test("a task that was called off may be handed back before its turn", () => {
  const farm = new RehearsedPool({ prefetch: 2 });
  const worker = farm.open(0);
  const [, callOff] = ["a", "b", "c", "d"].map((payload) => farm.submit(payload));
  callOff?.();
  worker.answer(failing("failed"), 1);
  expect(worker.holds).toEqual(["a", "c", "d"]);
  worker.tasks.lost("killed");
  expect([farm.answers, farm.pool.waiting, farm.problems]).toEqual([["b:cancelled", "a:lost"], 2, []]);
});

describe("laying ready", () => {
  test("short tasks are handed over before they are asked for, a slow one ends that", () => {
    const farm = new RehearsedPool({ prefetch: null, mailboxLimit: 400 });
    const worker = farm.open(0);
    for (let task = 0; task < 400; task++) farm.submit(String(task));
    expect(worker.hand).toHaveLength(1);
    for (let task = 0; task < 200; task++) worker.answer();
    expect(worker.hand.length).toBeGreaterThan(8);
    farm.clock.advance(100);
    while (worker.hand.length > 1) worker.answer();
    worker.answer();
    expect(worker.hand).toHaveLength(1);
  });

  test("never with fastcgi, and never more than may wait", () => {
    const fastcgi = new RehearsedPool({ protocol: "fastcgi", prefetch: 5 });
    const bounded = new RehearsedPool({ prefetch: 5, mailboxLimit: 2 });
    const workers = [fastcgi.open(0), bounded.open(0)];
    for (let task = 0; task < 9; task++) for (const farm of [fastcgi, bounded]) farm.submit(String(task));
    expect(workers.map(({ hand }) => hand.length)).toEqual([1, 3]);
    expect(bounded.answers).toHaveLength(6);
  });
});

describe("the end of a process", () => {
  test("a closed one finishes what it has in hand, what waits for it moves", () => {
    const farm = new RehearsedPool();
    const [closing, other] = [farm.open(0), farm.open(1)];
    for (const payload of ["a", "b", "c", "d"]) farm.submit(payload);
    closing.tasks.close();
    expect([closing.tasks.busy, farm.pool.waiting]).toEqual([1, 2]);
    closing.answer();
    expect([closing.tasks.busy, closing.busy]).toEqual([0, [1, 0]]);
    for (let turn = 0; turn < 3; turn++) other.answer();
    expect(other.sent).toHaveLength(3);
    expect(closing.sent).toEqual(["a"]);
  });

  test("after max_tasks answers it is to be replaced, once it is idle; it is never sent more", () => {
    const farm = new RehearsedPool({ maxTasks: 2, prefetch: 5 });
    const worker = farm.open(0);
    worker.onReplace = () => worker.tasks.close();
    for (const payload of ["a", "b", "c"]) farm.submit(payload);
    expect(worker.holds).toEqual(["a", "b"]);
    worker.answer();
    expect(worker.replaced).toEqual([]);
    worker.answer();
    expect([worker.replaced, worker.sent]).toEqual([["max_tasks"], ["a", "b"]]);
    expect(farm.open(0).holds).toEqual(["c"]);
  });

  test("a new process of a worker takes over; the old one finishes", () => {
    const farm = new RehearsedPool();
    const old = farm.open(0);
    farm.submit("a");
    farm.submit("b");
    const next = farm.open(0);
    expect(next.holds).toEqual(["b"]);
    old.answer();
    old.tasks.lost("exited");
    next.answer();
    expect(farm.answers).toEqual(["a:1", "b:1"]);
  });

  test("its owner hears how many are at work, and how long each took", () => {
    const farm = new RehearsedPool({ concurrency: 2 });
    const worker = farm.open(0);
    for (const payload of ["a", "b", "c"]) farm.submit(payload);
    farm.clock.advance(500);
    for (let turn = 0; turn < 3; turn++) worker.answer();
    expect(worker.busy).toEqual([1, 2, 1, 0]);
    expect(worker.ranSeconds).toEqual([0.5, 0.5, 0]);
    expect(farm.pool.figures().run).toMatchObject({ count: 3, sum: 1 });
    expect(farm.pool.figures().wait).toMatchObject({ count: 3, sum: 0.5 });
  });

  test("while a task is at work its chain and its own consumer stand behind a call", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    expect(worker.tasks.chain).toEqual(["thumbs"]);
    farm.submit("a", { chain: ["mails", "pages"] });
    expect(worker.tasks.chain).toEqual(["mails", "pages", "thumbs"]);
  });
});

describe("refusing", () => {
  test("new tasks and waiting ones are answered so, those at work go on, until tasks are taken again", () => {
    const farm = new RehearsedPool({ retries: 5 });
    const worker = farm.open(0);
    farm.submit("a");
    farm.submit("b");
    farm.pool.refuse("shutting_down", "pm is shutting down");
    farm.submit("c");
    expect(farm.pool.room).toBe(1); // so that whoever waits for room hears why
    worker.answer(failing("failed"));
    expect(farm.answers).toEqual(["b:shutting_down", "c:shutting_down", "a:failed"]);
    farm.pool.admit();
    farm.submit("d");
    expect(worker.holds).toEqual(["d"]);
  });

  test("what lay ready at a worker that is lost meanwhile is answered so too", () => {
    const farm = new RehearsedPool({ prefetch: 1 });
    const worker = farm.open(0);
    farm.submit("a");
    farm.submit("b");
    farm.pool.refuse("unavailable", "thumbs is stopped");
    worker.tasks.lost("killed");
    expect(farm.answers).toEqual(["b:unavailable", "a:lost"]);
  });

  test("whoever waits for room is called, to hear why", () => {
    const farm = new RehearsedPool({ mailboxLimit: 0 });
    farm.pool.whenRoom(() => farm.submit("a"));
    farm.pool.refuse("unavailable", "thumbs is stopped");
    expect(farm.answers).toEqual(["a:unavailable"]);
  });
});

describe("a key", () => {
  test("tasks of one key are one while it is under way, and the answer is kept", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    farm.submit("a", { key: "k" });
    farm.submit("b", { key: "k" });
    expect(worker.sent).toEqual(["a"]);
    worker.answer();
    farm.submit("c", { key: "k" });
    expect(farm.answers).toEqual(["a:1", "b:1", "c:1"]);
    expect(farm.pool.figures()).toMatchObject({ accepted: 3, finished: { ok: 3 } });
    farm.clock.advance(5 * 60_000);
    farm.submit("d", { key: "k" });
    expect(worker.sent).toEqual(["a", "d"]);
  });

  test("calling one off does not hurt the other; calling off both does", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    const [first, second] = [farm.submit("a", { key: "k" }), farm.submit("b", { key: "k" })];
    first();
    expect([farm.answers, worker.cancelled]).toEqual([["a:cancelled"], []]);
    second();
    expect([farm.answers, worker.cancelled.length]).toEqual([["a:cancelled", "b:cancelled"], 1]);
  });

  test.each([
    ["a failure", failing("final")],
    ["an answer over 64 KiB", { ok: true, result: `"${"x".repeat(65_536)}"` } as const],
  ])("%s is not kept", (_, answer) => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    farm.submit("a", { key: "k" });
    worker.answer(answer);
    farm.submit("b", { key: "k" });
    expect(worker.sent).toEqual(["a", "b"]);
  });

  test("of a thousand and one answers the oldest is forgotten", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    for (let task = 0; task <= 1_000; task++) {
      farm.submit(String(task), { key: String(task) });
      worker.answer();
    }
    farm.submit("again", { key: "1" });
    expect(worker.hand).toEqual([]);
    farm.submit("again", { key: "0" });
    expect(worker.holds).toEqual(["again"]);
  });
});

describe("whoever answers or asks in between", () => {
  test("lanes that answer while they are sent to, and callers that ask again when answered, go on for ever without a deeper stack", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    worker.onSend = (id) => {
      worker.tasks.answered(id, ok);
      return true;
    };
    let answered = 0;
    const ask = (): void => {
      farm.pool.submit(request("a"), () => {
        answered += 1;
        if (answered < 100_000) ask();
      });
    };
    ask();
    expect(answered).toBe(100_000);
    expect(farm.pool.inFlight).toBe(0);
  });

  test("a lane that fails each task while it is sent does not deepen the stack with each retry", () => {
    const farm = new RehearsedPool({ retries: 100_000 });
    const worker = farm.open(0);
    worker.onSend = (id) => {
      worker.tasks.answered(id, failing("failed"));
      return true;
    };
    farm.submit("a");
    expect([farm.answers, worker.sent.length]).toEqual([["a:failed"], 100_001]);
  });

  test("a caller that throws harms no other", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    farm.pool.submit(request("a"), () => {
      throw new Error("mine");
    });
    farm.submit("b");
    expect(() => worker.answer()).toThrow("mine");
    worker.answer();
    expect(farm.answers).toEqual(["b:1"]);
  });

  test("an owner that gives the slot up when its worker is idle takes nothing away from others", () => {
    const farm = new RehearsedPool();
    const [going, staying] = [farm.open(0), farm.open(1)];
    going.busyChanged = (busy) => {
      if (busy === 0) farm.pool.leave(0);
    };
    for (const payload of ["a", "b"]) farm.submit(payload);
    going.answer();
    farm.submit("c");
    staying.answer();
    expect(staying.holds).toEqual(["c"]);
  });

  test("each answer comes with the pool in order: what a caller sees is what is", () => {
    const farm = new RehearsedPool();
    const worker = farm.open(0);
    const seen: (readonly [number, number, TaskAnswer["ok"]])[] = [];
    const look = (answer: TaskAnswer): void => void seen.push([farm.pool.inFlight, farm.pool.waiting, answer.ok]);
    farm.pool.submit(request("a"), look);
    farm.pool.submit(request("b"), look);
    worker.answer();
    worker.tasks.lost("killed");
    expect(seen).toEqual([
      [1, 0, true],
      [0, 0, false],
    ]);
  });
});

test("another definition holds for tasks and processes to come", () => {
  const farm = new RehearsedPool({ mailboxLimit: 2 });
  const worker = farm.open(0);
  for (const payload of ["a", "b", "c"]) farm.submit(payload);
  farm.pool.adopt({ ...farm.spec, mailboxLimit: 1, timeoutMs: 10, concurrency: 2 });
  expect(farm.pool.room).toBe(0);
  worker.answer();
  expect([farm.pool.room, worker.holds]).toEqual([0, ["b"]]);
  worker.answer();
  farm.submit("d");
  farm.clock.advance(10);
  expect(farm.answers).toEqual(["a:1", "b:1", "d:timeout"]);
});
