import { expect, test } from "bun:test";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { FakeHost, noScalingPorts } from "../support/fake-host.ts";
import { consumerSpec, farmSpec } from "../support/specs.ts";

function farm(budgetMs: number | null, ...stopTimeoutsMs: number[]): { host: FakeHost; supervisor: Supervisor } {
  const host = new FakeHost();
  const consumers = stopTimeoutsMs.map((stopTimeoutMs, index) => consumerSpec({ name: `c${index}`, stopTimeoutMs }));
  const supervisor = new Supervisor(farmSpec(consumers), host, noScalingPorts, () => {}, budgetMs);
  supervisor.start();
  return { host, supervisor };
}

const killed = ({ children }: FakeHost): boolean[] => children.map(({ signals }) => signals.includes("KILL group"));

test("at shutdown nobody gets more than the budget, also those that may take for ever", () => {
  const { host, supervisor } = farm(9_000, 5_000, 60_000, 0);
  supervisor.shutdown("signal", 0, "SIGTERM");
  host.clock.advance(8_999);
  expect(killed(host)).toEqual([true, false, false]);
  host.clock.advance(1);
  expect(killed(host)).toEqual([true, true, true]);
  expect(host.of("worker_killed").map(({ timeoutMs, forced }) => [timeoutMs, forced])).toEqual([
    [5_000, false],
    [9_000, false],
    [9_000, false],
  ]);
});

test("without a budget every consumer has the time it asks for", () => {
  const { host, supervisor } = farm(null, 60_000, 0);
  supervisor.shutdown("signal", 0, "SIGTERM");
  host.clock.advance(59_999);
  expect(killed(host)).toEqual([false, false]);
  host.clock.advance(1);
  expect(killed(host)).toEqual([true, false]);
});

test("a worker that was stopping before gets no more than the budget from the shutdown on", () => {
  const { host, supervisor } = farm(9_000, 60_000);
  supervisor.consumer("c0")?.hold();
  host.clock.advance(20_000);
  supervisor.shutdown("signal", 0, "SIGTERM");
  host.clock.advance(9_000);
  expect(killed(host)).toEqual([true]);
  expect(host.child.signals.filter((signal) => signal === "SIGTERM")).toHaveLength(1);
});

test("the budget is only for the shutdown", () => {
  const { host, supervisor } = farm(9_000, 60_000);
  supervisor.consumer("c0")?.hold();
  host.clock.advance(59_999);
  expect(killed(host)).toEqual([false]);
});
