import { describe, expect, test } from "bun:test";
import { LoadMeter } from "../../../src/core/scaling/load-meter.ts";

describe("LoadMeter", () => {
  test("a worker busy half of the time is half a worker, however its messages fall", () => {
    const meter = new LoadMeter(0);
    for (let at = 0; at < 10_000; at += 100) {
      meter.shift(1, at);
      meter.shift(-1, at + 50);
    }
    expect(meter.take(10_000).busy).toBeCloseTo(0.5, 9);
  });

  test("a message that lasts over several intervals counts in each", () => {
    const meter = new LoadMeter(0);
    meter.shift(1, 500);
    expect(meter.take(1_000).busy).toBe(0.5);
    expect(meter.take(2_000).busy).toBe(1);
    meter.shift(-1, 2_250);
    expect(meter.take(3_000).busy).toBe(0.25);
    expect(meter.take(4_000).busy).toBe(0);
  });

  test("slots count as shares of a worker", () => {
    const meter = new LoadMeter(0);
    meter.shift(0.2, 0);
    meter.shift(0.3, 500);
    expect(meter.take(1_000).busy).toBeCloseTo(0.35, 9);
  });

  test("messages and their mean duration are of the interval", () => {
    const meter = new LoadMeter(0);
    meter.message(1);
    meter.message(3);
    meter.message(null);
    expect(meter.take(1_000)).toEqual({ busy: 0, messages: 3, serviceSeconds: 2 });
    expect(meter.take(2_000)).toEqual({ busy: 0, messages: 0, serviceSeconds: null });
  });

  test("an empty interval tells the busy share of the moment", () => {
    const meter = new LoadMeter(5);
    meter.shift(1, 5);
    expect(meter.take(5).busy).toBe(1);
  });
});
