import { describe, expect, test } from "bun:test";
import { hasStarted, statusText, takeNotifyWish } from "../../src/surface/service-manager-text.ts";
import { FakeFarm, pool } from "../support/fake-farm.ts";
import { exited } from "../support/fake-host.ts";

describe("what a service manager wants", () => {
  test.each([
    ["nothing without a socket", { WATCHDOG_USEC: "1000000" }, null],
    ["to be told", { NOTIFY_SOCKET: "/run/notify" }, { socket: "/run/notify", watchdogMs: null }],
    [
      "a sign of life of whoever is started",
      { NOTIFY_SOCKET: "@a", WATCHDOG_USEC: "30000000" },
      { socket: "@a", watchdogMs: 30_000 },
    ],
    [
      "a sign of life of pm",
      { NOTIFY_SOCKET: "@a", WATCHDOG_USEC: "2000", WATCHDOG_PID: "7" },
      { socket: "@a", watchdogMs: 2 },
    ],
    [
      "a sign of life of somebody else",
      { NOTIFY_SOCKET: "@a", WATCHDOG_USEC: "2000", WATCHDOG_PID: "8" },
      { socket: "@a", watchdogMs: null },
    ],
    ["nonsense", { NOTIFY_SOCKET: "@a", WATCHDOG_USEC: "soon" }, { socket: "@a", watchdogMs: null }],
  ])("%s", (_, env, wish) => {
    const given: Record<string, string | undefined> = { ...env, PATH: "/bin" };
    expect(takeNotifyWish(given, 7)).toEqual(wish);
    expect(given).toEqual({ PATH: "/bin" });
  });
});

const slow = (name: string) => pool(name, 1, { ready: { when: "protocol" } });

describe("the status", () => {
  test("counts workers, and names what is not ready", () => {
    const farm = new FakeFarm([pool("a", 2), slow("b")]);
    expect(statusText(farm.supervisor.snapshot())).toBe("2 of 3 workers ready, 0 busy; b: starting");
    farm.host.children[0]?.say({ type: "slots", busy: 1, total: 2 });
    farm.host.children[2]?.say({ type: "ready" });
    expect(statusText(farm.supervisor.snapshot())).toBe("3 of 3 workers ready, 1 busy");
  });

  test("names three consumers and counts the others", () => {
    const farm = new FakeFarm(["a", "b", "c", "d", "e"].map(slow));
    expect(statusText(farm.supervisor.snapshot())).toBe(
      "0 of 5 workers ready, 0 busy; a: starting; b: starting; c: starting; and 2 more",
    );
  });

  test("tells what is left at a shutdown", () => {
    const farm = new FakeFarm([pool("a", 2)]);
    farm.supervisor.shutdown("signal", 0, "SIGTERM");
    farm.host.children[0]?.end(exited(0));
    expect(statusText(farm.supervisor.snapshot())).toBe("stopping: 1 worker still running");
  });
});

test("a farm has started when nothing of it has just begun: what has given up is not waited for", () => {
  const farm = new FakeFarm([pool("a", 1, { ready: { when: "protocol" }, restart: giveUpAtOnce })]);
  expect(hasStarted(farm.supervisor.snapshot())).toBe(false);
  farm.host.child.end(exited(3));
  expect(hasStarted(farm.supervisor.snapshot())).toBe(true);
});

const giveUpAtOnce = { ...pool("a", 1).restart, neverRestartCodes: [3] };
