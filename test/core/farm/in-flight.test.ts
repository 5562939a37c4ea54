import { describe, expect, test } from "bun:test";
import type { MessageFact } from "../../../src/core/farm/events.ts";
import { InFlight } from "../../../src/core/farm/in-flight.ts";

const fact = (event: MessageFact["event"], changes: Partial<MessageFact> = {}): MessageFact => ({
  event,
  transport: "async",
  class: "Job",
  id: null,
  durationSeconds: null,
  errorClass: null,
  ...changes,
});

describe("InFlight", () => {
  test("a message is in hand from received to handled", () => {
    const inFlight = new InFlight(5);
    inFlight.take(fact("received"), 10);
    expect([inFlight.busy, inFlight.oldestSinceMs, inFlight.perTransport]).toEqual([1, 10, { async: 1 }]);
    inFlight.take(fact("handled"), 30);
    expect([inFlight.busy, inFlight.oldestSinceMs, inFlight.idleSinceMs]).toEqual([0, null, 30]);
    expect(inFlight.reportedWork).toBe(true);
  });

  test("a failed message is over, a retried one was over before", () => {
    const inFlight = new InFlight(0);
    inFlight.take(fact("received"), 1);
    inFlight.take(fact("failed"), 2);
    inFlight.take(fact("retried"), 2);
    expect([inFlight.busy, inFlight.idleSinceMs]).toEqual([0, 2]);
  });

  test("ids tell several messages apart, and the oldest counts", () => {
    const inFlight = new InFlight(0);
    inFlight.take(fact("received", { id: "a" }), 1);
    inFlight.take(fact("received", { id: "b", transport: "other" }), 2);
    expect([inFlight.busy, inFlight.total, inFlight.perTransport]).toEqual([2, 2, { async: 1, other: 1 }]);
    inFlight.take(fact("handled", { id: "a" }), 3);
    expect([inFlight.busy, inFlight.oldestSinceMs]).toEqual([1, 2]);
  });

  test("without ids a second message takes the place of the first of its transport", () => {
    const inFlight = new InFlight(0);
    inFlight.take(fact("received"), 1);
    inFlight.take(fact("received"), 2);
    expect([inFlight.busy, inFlight.oldestSinceMs]).toEqual([1, 2]);
  });

  test("a message that takes the place of another is the youngest", () => {
    const inFlight = new InFlight(0);
    inFlight.take(fact("received", { transport: "a" }), 0);
    inFlight.take(fact("received", { transport: "b" }), 5);
    inFlight.take(fact("received", { transport: "a" }), 10);
    expect(inFlight.oldestSinceMs).toBe(5);
  });

  test("the end of a message never seen counts as work and harms nothing", () => {
    const inFlight = new InFlight(7);
    inFlight.take(fact("handled", { id: "ghost" }), 9);
    expect([inFlight.busy, inFlight.idleSinceMs, inFlight.reportedWork]).toEqual([0, 7, true]);
  });

  test("what a worker tells of its slots wins over the messages counted", () => {
    const inFlight = new InFlight(0);
    inFlight.takeSlots(3, 10, 1);
    inFlight.take(fact("received"), 2);
    expect([inFlight.busy, inFlight.total]).toEqual([3, 10]);
    inFlight.takeSlots(0, 10, 8);
    expect([inFlight.busy, inFlight.idleSinceMs]).toEqual([0, 8]);
  });

  test("memory is bounded however many a worker claims", () => {
    const inFlight = new InFlight(0);
    for (let id = 0; id < 20_000; id++) inFlight.take(fact("received", { id: String(id) }), 1);
    expect(inFlight.busy).toBe(10_000);
  });
});
