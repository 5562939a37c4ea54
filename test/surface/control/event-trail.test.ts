import { expect, test } from "bun:test";
import type { PmEvent } from "../../../src/core/farm/events.ts";
import { Trail } from "../../../src/surface/control/event-trail.ts";
import type { AuditEntry } from "../../../src/core/farm/audit.ts";

const crash: PmEvent = { type: "worker_parked", worker: 7, slot: 0, consumer: "async", exitCode: 1 };
const scaled = (by: string): PmEvent => ({
  type: "operation_ended",
  id: 1,
  who: { by, reason: null },
  request: { action: "scale", consumer: "mail", size: 1 },
  outcome: { result: "done", message: "mail: 1 worker" },
});
const source: PmEvent = { type: "scaling_source_recovered", consumer: "async" };

test("numbers what is worth an entry, and keeps when it was", () => {
  let now = 100;
  const trail = new Trail(() => now++);
  trail.record({ type: "worker_gone", worker: 7, slot: 0, consumer: "async" });
  trail.record(crash);
  trail.record(scaled("alice"));
  expect(trail.recent(10, null)).toMatchObject([
    { id: 1, atEpochMs: 100, kind: "worker_parked" },
    { id: 2, atEpochMs: 101, who: "alice" },
  ]);
  expect(trail.recent(1, null)).toMatchObject([{ id: 2 }]);
  expect(trail.recent(0, null)).toEqual([]);
  expect(trail.recent(10, "async")).toMatchObject([{ id: 1 }]);
});

test("is bounded, and neither a crash loop nor the autoscaler pushes out what people did", () => {
  const trail = new Trail(() => 0);
  trail.record(scaled("alice"));
  for (let round = 0; round < 5_000; round++) {
    trail.record(crash);
    trail.record(source);
  }
  const all = trail.recent(100_000, null);
  expect(all).toHaveLength(1_501);
  expect(all[0]).toMatchObject({ id: 1, who: "alice" });
  expect(all.at(-1)?.id).toBe(10_001);
  expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted((a, b) => a - b));
  for (let round = 0; round < 5_000; round++) trail.record(scaled("bob"));
  expect(trail.recent(100_000, null)).toHaveLength(2_000);
});

test("tells those that follow, until they leave", () => {
  const trail = new Trail(() => 0);
  const heard: AuditEntry[] = [];
  const leave = trail.follow((entry) => heard.push(entry));
  trail.record(crash);
  leave();
  trail.record(crash);
  expect(heard).toMatchObject([{ id: 1 }]);
});
