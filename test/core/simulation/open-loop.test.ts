import { describe, expect, test } from "bun:test";
import type { ScalingSpec } from "../../../src/core/farm/scaling-spec.ts";
import type { SizeSpec } from "../../../src/core/farm/spec.ts";
import { evaluate } from "../../../src/core/simulation/open-loop.ts";
import { readTrace } from "../../../src/core/simulation/trace.ts";
import { autoscaled } from "../../support/specs.ts";

const seedKnobs: Partial<ScalingSpec> = {
  smoothingWindowMs: 30_000,
  scaleUpCooldownMs: 30_000,
  scaleDownCooldownMs: 300_000,
  scaleUpStep: 2,
  scaleDownStep: 1,
};

/** The lines of a run over these samples, evaluated every 10 s. */
function lines(
  sizes: Readonly<Record<string, SizeSpec>>,
  samples: readonly object[],
  totalCap: number | null = null,
): string[] {
  const trace = readTrace(samples.map((sample) => JSON.stringify(sample)).join("\n"), Object.keys(sizes));
  if (!trace.ok) throw new Error(JSON.stringify(trace.problems));
  const consumers = Object.entries(sizes).map(([name, size]) => ({ name, size }));
  return [...evaluate(consumers, totalCap, 10_000, trace.samples)].map((each) => JSON.stringify(each));
}

const values = (out: readonly string[], member: string): unknown[] => out.map((line) => JSON.parse(line)[member]);

const queueStrategy = {
  type: "queue",
  queues: [{ kind: "redis", url: "redis://localhost", key: "async", shape: "list" }],
  perWorker: 10,
  maxWaitMs: null,
  timeoutMs: 2000,
  onFailure: { kind: "hold" },
} as const;

function dampingOf(size: SizeSpec): ScalingSpec["damping"] {
  if (size.kind === "static") throw new Error("static");
  return size.scaling.damping;
}

describe("an open loop", () => {
  test("prints the contract's line", () => {
    const strategy = { type: "utilization", target: 0.5, scaleUpThreshold: 0.5, scaleDownThreshold: 0.25 } as const;
    const out = lines({ async: autoscaled(1, 10, { strategy }) }, [
      { t: 0, consumer: "async", busy: 0 },
      { t: 10, consumer: "async", busy: 0.700_031_8 },
    ]);
    expect(out[1]).toBe(
      '{"t":10,"consumer":"async","current":1,"busy":0.7,"desired":2,"allocated":2,"target":2,"reason":"scaled_up"}',
    );
  });

  test("evaluates from 0 to the last sample, all consumers in the order of the file, static ones too", () => {
    const sizes = { b: autoscaled(1, 3), a: { kind: "static", processes: 2 } } as const;
    const out = lines(sizes, [{ t: 25, consumer: "b", busy: 1 }]);
    expect(values(out, "t")).toEqual([0, 0, 10, 10, 20, 20]);
    expect(values(out, "consumer")).toEqual(["b", "a", "b", "a", "b", "a"]);
  });

  test("lets a sample hold until the next one of its consumer, and current follow the target", () => {
    const out = lines({ a: autoscaled(1, 10), b: autoscaled(1, 10) }, [
      { t: 0, consumer: "a", busy: 1 },
      { t: 20, consumer: "b", busy: 1 },
      { t: 30, consumer: "a", busy: 0 },
    ]).filter((line) => line.includes('"a"'));
    const [current, target] = [values(out, "current"), values(out, "target")];
    expect(current.slice(1)).toEqual(target.slice(0, -1));
    expect(target.slice(0, 3)).toEqual([2, 2, 2]);
    expect(target.at(-1)).toBe(1);
  });

  test("smooths as the seed does: 0 at 0 s, then 1 with a window of 30 s", () => {
    const out = lines({ a: autoscaled(1, 10, seedKnobs) }, [
      { t: 0, consumer: "a", busy: 0 },
      { t: 1, consumer: "a", busy: 1 },
      { t: 30, consumer: "a", busy: 1 },
    ]);
    expect(values(out, "busy")).toEqual([0, 0.283469, 0.486583, 0.632121]);
  });

  test("shows the cap and the cool-down in its reasons", () => {
    const samples = [
      { t: 0, consumer: "a", busy: 9 },
      { t: 60, consumer: "a", busy: 9 },
    ];
    const out = lines({ a: autoscaled(1, 10, seedKnobs) }, samples, 4);
    expect(values(out, "target")).toEqual([3, 3, 3, 4, 4, 4, 4]);
    expect(values(out, "reason").slice(0, 3)).toEqual(["scaled_up", "cooldown_up", "cooldown_up"]);
    expect(new Set(values(out, "allocated"))).toEqual(new Set([4]));
  });

  test.each([
    ["paused", { damping: { ...dampingOf(autoscaled(1, 10)), paused: true } }, "steady"],
    ["without the depth its strategy asks for", { strategy: queueStrategy }, "fallback"],
  ])("has a reason of the contract for a pool that is %s", (_, changes, reason) => {
    expect(values(lines({ a: autoscaled(1, 10, changes) }, [{ t: 0, consumer: "a", busy: 9 }]), "reason")).toEqual([
      reason,
    ]);
  });

  test("gives the queue to a queue strategy", () => {
    const out = lines({ a: autoscaled(1, 10, { strategy: queueStrategy }) }, [{ t: 0, consumer: "a", queue: 40 }]);
    expect(values(out, "target")).toEqual([4]);
  });
});
