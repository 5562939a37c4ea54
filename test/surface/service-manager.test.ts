import { describe, expect, test } from "bun:test";
import { ServiceManager } from "../../src/surface/service-manager.ts";
import { FakeFarm, pool } from "../support/fake-farm.ts";

/** A farm whose service manager is a list. */
function told(processes = 1, watchdogMs: number | null = null) {
  const farm = new FakeFarm([pool("a", processes, { ready: { when: "protocol" } })]);
  const heard: string[] = [];
  const link = { works: true };
  const { clock } = farm.host;
  const manager = new ServiceManager(
    {
      clock,
      monotonicMicroseconds: () => 123_456n,
      snapshot: () => farm.supervisor.snapshot(),
      send: (text) => link.works && heard.push(text) > 0,
    },
    watchdogMs,
  );
  for (const event of farm.host.events) manager.record(event);
  farm.host.listen((event) => manager.record(event));
  return { farm, heard, link, clock, manager };
}

const ready = { type: "ready" } as const;

describe("readiness", () => {
  test("is told once, when all workers are ready", () => {
    const { farm, heard, clock } = told(2);
    clock.advance(1_000);
    expect(heard).toEqual(["STATUS=0 of 2 workers ready, 0 busy; a: starting\n"]);
    farm.host.children[0]?.say(ready);
    clock.advance(1_000);
    expect(heard).not.toContain("READY=1\n");
    farm.host.children[1]?.say(ready);
    clock.advance(1_000);
    expect(heard.slice(-2)).toEqual(["STATUS=2 of 2 workers ready, 0 busy\n", "READY=1\n"]);
    clock.advance(100_000);
    expect(heard.filter((text) => text === "READY=1\n")).toHaveLength(1);
  });

  test("is told after a minute at the latest", () => {
    const { heard, clock } = told();
    clock.advance(59_999);
    expect(heard).not.toContain("READY=1\n");
    clock.advance(1);
    expect(heard).toContain("READY=1\n");
  });
});

describe("the status", () => {
  test("is told when it has changed, and many changes at once", () => {
    const { farm, heard, clock } = told();
    farm.host.child.say(ready);
    clock.advance(0);
    heard.splice(0);
    for (let busy = 0; busy < 50; busy++) {
      farm.host.child.say({ type: "slots", busy: busy % 2, total: 2 });
      farm.host.emit({ type: "pong", worker: 1, slot: 0, consumer: "a" });
      clock.advance(10);
    }
    expect(heard.length).toBeLessThan(2);
    clock.advance(10_000);
    expect(heard).toEqual(["STATUS=1 of 1 worker ready, 1 busy\n"]);
  });
});

describe("a reload", () => {
  test("is told with the time of the kernel, and is over with READY", () => {
    const { farm, heard, clock, manager } = told();
    farm.host.child.say(ready);
    clock.advance(0);
    heard.splice(0);
    manager.reloading();
    expect(heard).toEqual(["RELOADING=1\nMONOTONIC_USEC=123456\n"]);
    clock.advance(1_000);
    manager.reloaded();
    expect(heard.slice(1)).toEqual(["READY=1\n"]);
  });

  test("that begins before another is over is over with that", () => {
    const { farm, heard, clock, manager } = told();
    farm.host.child.say(ready);
    clock.advance(0);
    heard.splice(0);
    manager.reloading();
    manager.reloading();
    manager.reloaded();
    expect(heard).not.toContain("READY=1\n");
    manager.reloaded();
    expect(heard.at(-1)).toBe("READY=1\n");
  });

  test("before the farm was ready is not told, and makes nothing ready", () => {
    const { farm, heard, clock, manager } = told();
    manager.reloading();
    manager.reloaded();
    clock.advance(1_000);
    expect(heard).toEqual(["STATUS=0 of 1 worker ready, 0 busy; a: starting\n"]);
    farm.host.child.say(ready);
    clock.advance(1_000);
    expect(heard.slice(1)).toEqual(["STATUS=1 of 1 worker ready, 0 busy\n", "READY=1\n"]);
  });
});

test("the stop is told at once, and nothing is ready any more", () => {
  const { farm, heard, clock, manager } = told(2);
  farm.supervisor.shutdown("signal", 0, "SIGTERM");
  expect(heard).toEqual(["STOPPING=1\nSTATUS=stopping: 2 workers still running\n"]);
  manager.reloading();
  manager.reloaded();
  clock.advance(100_000);
  expect(heard.filter((text) => /READY|RELOADING/u.test(text))).toEqual([]);
});

describe("the sign of life", () => {
  test("comes twice as often as is due, from the first moment on, also while pm stops", () => {
    const { farm, heard, clock } = told(1, 10_000);
    expect(heard).toEqual(["WATCHDOG=1\n"]);
    farm.supervisor.shutdown("signal", 0, "SIGTERM");
    clock.advance(20_000);
    expect(heard.filter((text) => text === "WATCHDOG=1\n")).toHaveLength(5);
  });

  test("does not come unasked", () => {
    const { heard, clock } = told();
    clock.advance(100_000);
    expect(heard).not.toContain("WATCHDOG=1\n");
  });
});

test("what could not be handed over is told later, only the newest of a kind", () => {
  const { farm, heard, link, clock } = told(1, 10_000);
  link.works = false;
  farm.host.child.say(ready);
  clock.advance(11_000);
  link.works = true;
  clock.advance(250);
  expect(heard).toEqual(["WATCHDOG=1\n", "STATUS=1 of 1 worker ready, 0 busy\n", "READY=1\n", "WATCHDOG=1\n"]);
});

test("nothing is told and no timer runs after the end", () => {
  const { farm, heard, clock, manager } = told(1, 10_000);
  clock.advance(1_000);
  manager.close();
  const before = heard.length;
  farm.host.child.say(ready);
  clock.advance(1_000_000);
  expect(heard).toHaveLength(before);
});
