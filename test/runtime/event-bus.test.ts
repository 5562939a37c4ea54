import { expect, test } from "bun:test";
import type { PmEvent } from "../../src/core/farm/events.ts";
import { EventBus } from "../../src/runtime/event-bus.ts";

const recovered = (consumer: string): PmEvent => ({ type: "consumer_recovered", consumer });
const stopping: PmEvent = { type: "shutting_down", reason: "signal", signal: "SIGTERM" };
const completed: PmEvent = { type: "source_recovered" };

test("whoever listens to one consumer hears of that one and of the end, and of nothing else", () => {
  const bus = new EventBus();
  const all: PmEvent[] = [];
  const one: PmEvent[] = [];
  bus.listen((event) => all.push(event));
  bus.listen((event) => one.push(event), "a");
  const events = [recovered("a"), recovered("b"), completed, stopping];
  for (const event of events) bus.emit(event);
  expect(all).toEqual(events);
  expect(one).toEqual([recovered("a"), stopping]);
});

test("several listen to one consumer, and each ends for itself, even while it hears", () => {
  const bus = new EventBus();
  const heard: string[] = [];
  const end = bus.listen(() => {
    heard.push("first");
    end();
  }, "a");
  bus.listen(() => heard.push("second"), "a");
  bus.emit(recovered("a"));
  bus.emit(recovered("a"));
  expect(heard).toEqual(["first", "second", "second"]);
});
