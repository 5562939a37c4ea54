import { beforeEach, describe, expect, test } from "bun:test";
import { Orphans } from "../../src/runtime/orphans.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** The children of a pm that does not exist: their environments by their pids. */
let children: Map<number, string | null>;
let own: Set<number>;
let killed: number[];
let clock: FakeClock;
let orphans: Orphans;
/** What the reaper tells. */
let heard: (reaped: readonly number[]) => void;
let adopts: boolean;
let reads: number;
/** How often all children were looked at. */
let looks: number;

beforeEach(() => {
  [children, own, killed, clock, adopts, reads, looks] = [new Map(), new Set(), [], new FakeClock(), true, 0, 0];
  orphans = new Orphans("run", {
    clock,
    reap: (given) => {
      heard = given;
      return adopts;
    },
    children: () => {
      looks += 1;
      return [...children.keys()];
    },
    isOwn: (pid) => own.has(pid),
    environmentOf: (pid) => {
      reads += 1;
      return children.get(pid) ?? null;
    },
    kill: (pid) => void killed.push(pid),
  });
});

/** A worker's process is started; gives its mark. */
function worker(): string {
  const mark = orphans.nextMark();
  orphans.began(mark);
  return mark;
}

/** A process comes to pm whose environment tells that it stems from this mark. */
function orphan(pid: number, mark: string): void {
  children.set(pid, `PATH=/bin\0PM_RUN_ID=${mark}\0TERM=dumb\0`);
}

function reap(...pids: readonly number[]): void {
  for (const pid of pids) children.delete(pid);
  heard(pids);
}

describe("an orphan", () => {
  test("is ended when the process that it stems from has ended, and no other", () => {
    orphans.start();
    const [first, second] = [worker(), worker()];
    orphan(10, first);
    orphan(11, second);
    orphan(12, `${first}1`); // a mark that only begins like it
    orphans.began(`${first}1`);
    orphans.ended(first);
    expect(killed).toEqual([10]);
  });

  test("is told by its own mark from one of the next process of the same worker", () => {
    orphans.start();
    const before = worker();
    orphan(10, before);
    const after = worker();
    orphan(11, after);
    orphans.ended(before);
    expect(killed).toEqual([10]);
  });

  test.each([
    ["has wiped out its environment", "PATH=/bin\0"],
    ["may not be looked at", null],
    ["belongs to another pm", "PM_RUN_ID=other.1\0"],
    ["is of no worker", "PM_RUN_ID=run\0"],
    ["only speaks of it", "A=PM_RUN_ID=run.1\0"],
  ])("that %s is left alone until the end of the farm", async (_, environment) => {
    orphans.start();
    children.set(10, environment);
    orphans.ended(worker());
    expect(killed).toEqual([]);
    const end = orphans.end(null);
    expect(killed).toEqual([10]);
    reap(10);
    expect(await end).toBe(true);
  });

  test("that is just becoming another program, and shows no environment yet, is ended once it shows one", () => {
    orphans.start();
    const mark = worker();
    children.set(10, null);
    orphans.ended(mark);
    clock.advance(50);
    expect(killed).toEqual([]);
    orphan(10, mark);
    clock.advance(50);
    expect(killed).toEqual([10]);
  });

  test("that never shows an environment is not looked at for ever", () => {
    orphans.start();
    children.set(10, null);
    orphans.ended(worker());
    clock.advance(60_000);
    expect(reads).toBeGreaterThan(1);
    expect(reads).toBeLessThan(30);
  });

  test.each([
    ["of a worker that lives", () => `PM_RUN_ID=${worker()}\0`],
    ["of nobody", () => "PATH=/bin\0"],
  ])("that shows an environment %s in the end is not looked at for ever", (_, environment) => {
    orphans.start();
    children.set(10, null);
    orphans.ended(worker());
    children.set(10, environment());
    clock.advance(60_000);
    expect(looks).toBeGreaterThan(1);
    expect(looks).toBeLessThan(30);
  });

  test("that comes later, by the end of its parent, is ended too", () => {
    orphans.start();
    const mark = worker();
    orphan(10, mark);
    orphans.ended(mark);
    orphan(11, mark);
    reap(10);
    expect(killed).toEqual([10]); // so soon after the last look
    clock.advance(50);
    expect(killed).toEqual([10, 11]);
  });

  test("is looked at once, however often others end", () => {
    orphans.start();
    orphan(10, worker());
    for (let times = 0; times < 5; times++) {
      orphans.ended(worker());
      clock.advance(50);
    }
    expect([reads, killed]).toEqual([1, []]);
  });

  test("with the number of one that was reaped is looked at anew", () => {
    orphans.start();
    const [first, second] = [worker(), worker()];
    orphan(10, first);
    orphans.ended(worker());
    reap(10);
    orphan(10, second);
    clock.advance(50);
    orphans.ended(first);
    clock.advance(50);
    expect(killed).toEqual([]);
  });
});

test("a burst of ends costs one look at once and one a little later", () => {
  orphans.start();
  const marks = Array.from({ length: 100 }, worker);
  for (const [at, mark] of marks.entries()) orphan(1000 + at, mark);
  for (const mark of marks) orphans.ended(mark);
  expect(killed).toHaveLength(1);
  clock.advance(49);
  expect(killed).toHaveLength(1);
  clock.advance(1);
  expect(new Set(killed).size).toBe(100);
});

test("what Bun waits for is never taken for an orphan", () => {
  orphans.start();
  const mark = worker();
  orphan(10, mark);
  own.add(10);
  orphans.ended(mark);
  expect([killed, reads]).toEqual([[], 0]);
});

describe("the end", () => {
  test("is over when nobody is left but the one that is spared, in as many rounds as that takes", async () => {
    children.set(7, null); // was there before pm, in the same process
    orphans.start();
    children.set(20, null);
    orphan(10, worker());
    own.add(11);
    children.set(11, null);
    let over: boolean | null = null;
    const end = orphans.end(20).then((clean) => (over = clean));
    expect(killed).toEqual([10, 11]);
    children.set(12, null); // came by the death of 10
    reap(10);
    expect(killed).toEqual([10, 11, 11, 12]);
    reap(12);
    await Promise.resolve();
    expect(over).toBeNull();
    reap(11); // as Bun has
    await end;
    expect<boolean | null>(over).toBe(true);
    expect(killed).not.toContain(7);
    expect(killed).not.toContain(20);
  });

  test("does not wait for ever for what the kernel holds", async () => {
    orphans.start();
    children.set(10, null);
    const end = orphans.end(null);
    clock.advance(5_000);
    expect(await end).toBe(false);
  });

  test("is not clean where orphans go elsewhere", async () => {
    adopts = false;
    orphans.start();
    expect(await orphans.end(null)).toBe(false);
  });
});
