import { expect, test } from "bun:test";

import { Histogram, TASK_SECONDS } from "../../../src/core/tasks/histogram.ts";
import { Tally } from "../../../src/core/tasks/tally.ts";

test("a value belongs to the first bound it does not exceed, and beyond all bounds to the last count", () => {
  const histogram = new Histogram([1, 2]);
  for (const value of [0, 1, 1.5, 2, 2.1, 100]) histogram.add(value);
  expect(histogram.figures()).toEqual({ bounds: [1, 2], counts: [2, 2, 2], sum: 106.6, count: 6 });
});

test("figures once taken do not change", () => {
  const histogram = new Histogram([1]);
  const before = histogram.figures();
  histogram.add(1);
  expect(before).toEqual({ bounds: [1], counts: [0, 0], sum: 0, count: 0 });
});

test("the bounds of tasks ascend", () => {
  expect(TASK_SECONDS).toEqual(TASK_SECONDS.toSorted((a, b) => a - b));
});

test("a tally counts each thing under its name", () => {
  const tally = new Tally();
  tally.accepted();
  tally.accepted();
  tally.retried();
  tally.rejected("loop");
  tally.finished("lost");
  tally.protocolError("wrong_id");
  tally.wait.add(0.3);
  tally.run.add(7);
  const figures = tally.figures({ waiting: 1, inFlight: 2, room: 3 });
  expect(figures).toMatchObject({ waiting: 1, inFlight: 2, room: 3, accepted: 2, retried: 1 });
  expect([figures.rejected.loop, figures.finished.lost, figures.protocolErrors.wrong_id]).toEqual([1, 1, 1]);
  expect([figures.wait.sum, figures.run.sum]).toEqual([0.3, 7]);
  tally.rejected("loop");
  expect(figures.rejected.loop).toBe(1);
});
