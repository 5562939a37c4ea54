import { describe, expect, test } from "bun:test";
import type { DampingSpec, ScalingSpec } from "../../../src/core/farm/scaling-spec.ts";
import { dampingDefaults } from "../../support/specs.ts";
import { pool, Rehearsal, told } from "./rehearsal.ts";

type Step = readonly [atSeconds: number, wish: number, target: number, reason: string];

const eager = { scaleUpCooldownMs: 0, scaleDownCooldownMs: 0, scaleUpStep: 100, scaleDownStep: 100 };

function check(bounds: readonly [number, number], knobs: Partial<ScalingSpec>, steps: readonly Step[]): void {
  const rehearsal = new Rehearsal([pool("a", ...bounds, { strategy: told, ...knobs })]);
  const seen = steps.map(([at, wish]) => [at, wish, ...rehearsal.ask(at, wish)]);
  expect(seen).toEqual(steps.map((step) => [...step]));
}

const damped = (changes: Partial<DampingSpec>) => ({ ...eager, damping: { ...dampingDefaults, ...changes } });

describe("the knobs of the seed", () => {
  test.each<[string, readonly [number, number], Partial<ScalingSpec>, readonly Step[]]>([
    [
      "steps bound a change",
      [1, 100],
      {},
      [
        [0, 10, 3, "scaled_up"],
        [30, 0, 2, "scaled_down"],
      ],
    ],
    [
      "ups keep their distance",
      [1, 100],
      { scaleUpStep: 5 },
      [
        [100, 20, 6, "scaled_up"],
        [110, 20, 6, "cooldown_up"],
        [131, 20, 11, "scaled_up"],
      ],
    ],
    [
      "downs keep theirs, but for the first",
      [1, 100],
      { scaleUpStep: 100, scaleDownStep: 100 },
      [
        [100, 50, 50, "scaled_up"],
        [200, 20, 20, "scaled_down"],
        [260, 5, 20, "cooldown_down"],
        [501, 5, 5, "scaled_down"],
      ],
    ],
    ["more than the maximum is at_max", [3, 3], {}, [[0, 10, 3, "at_max"]]],
    ["less than the minimum is at_min", [2, 5], {}, [[0, 0, 2, "at_min"]]],
    ["the same again is steady", [2, 5], {}, [[0, 2, 2, "steady"]]],
    [
      "a cool-down is over when it has passed",
      [1, 9],
      { scaleUpStep: 1 },
      [
        [0, 9, 2, "scaled_up"],
        [29.9, 9, 2, "cooldown_up"],
        [30, 9, 3, "scaled_up"],
      ],
    ],
  ])("%s", (_, bounds, knobs, steps) => check(bounds, knobs, steps));
});

describe("no flapping", () => {
  test("a down does not follow an up within the shorter of both cool-downs", () => {
    check([1, 9], {}, [
      [0, 3, 3, "scaled_up"],
      [10, 1, 3, "cooldown_down"],
      [20, 1, 3, "cooldown_down"],
      [30, 1, 2, "scaled_down"],
    ]);
  });

  test("a cool-down of 0 is obeyed", () => {
    check([1, 9], { scaleDownCooldownMs: 0 }, [
      [0, 3, 3, "scaled_up"],
      [10, 1, 2, "scaled_down"],
    ]);
  });

  test("an up follows a down at once", () => {
    check([1, 9], {}, [
      [0, 3, 3, "scaled_up"],
      [40, 1, 2, "scaled_down"],
      [50, 3, 3, "scaled_up"],
    ]);
  });
});

describe("the damping of Kubernetes", () => {
  test.each<[string, Partial<DampingSpec>, readonly Step[]]>([
    [
      "less than the tolerance is left, as much as it is not",
      { tolerance: 0.1 },
      [
        [0, 20, 20, "scaled_up"],
        [10, 21, 20, "steady"],
        [20, 19, 20, "steady"],
        [30, 22, 22, "scaled_up"],
        [40, 19, 19, "scaled_down"],
      ],
    ],
    [
      "the highest wish of the window counts on the way down",
      { downWindowMs: 60_000 },
      [
        [0, 10, 10, "scaled_up"],
        [10, 4, 10, "cooldown_down"],
        [20, 8, 10, "cooldown_down"],
        [60, 4, 8, "scaled_down"],
        [80, 4, 4, "scaled_down"],
      ],
    ],
    [
      "the lowest wish of the window counts on the way up",
      { upWindowMs: 30_000 },
      [
        [0, 1, 1, "steady"],
        [10, 9, 1, "cooldown_up"],
        [20, 5, 1, "cooldown_up"],
        [30, 9, 5, "scaled_up"],
        [50, 9, 9, "scaled_up"],
      ],
    ],
    [
      "workers in a period",
      { upPolicies: [{ kind: "workers", value: 4, periodMs: 15_000 }] },
      [
        [0, 50, 5, "scaled_up"],
        [10, 50, 5, "step_cap"],
        [15, 50, 9, "scaled_up"],
      ],
    ],
    [
      "the policy that allows more",
      {
        upPolicies: [
          { kind: "workers", value: 4, periodMs: 15_000 },
          { kind: "percent", value: 100, periodMs: 15_000 },
        ],
      },
      [
        [0, 50, 5, "scaled_up"],
        [15, 50, 10, "scaled_up"],
        [30, 50, 20, "scaled_up"],
      ],
    ],
    [
      "the policy that allows less",
      {
        select: "min",
        upPolicies: [
          { kind: "workers", value: 4, periodMs: 15_000 },
          { kind: "percent", value: 100, periodMs: 15_000 },
        ],
      },
      [
        [0, 50, 2, "scaled_up"],
        [15, 50, 4, "scaled_up"],
        [30, 50, 8, "scaled_up"],
        [45, 50, 12, "scaled_up"],
      ],
    ],
    [
      "percent of the size at the beginning of the period, on the way down",
      { downPolicies: [{ kind: "percent", value: 10, periodMs: 60_000 }] },
      [
        [0, 50, 50, "scaled_up"],
        [10, 47, 47, "scaled_down"],
        [20, 1, 45, "scaled_down"],
        [30, 1, 45, "step_cap"],
        [80, 1, 40, "scaled_down"],
      ],
    ],
    [
      "percent of the size at the beginning of the period, on the way up",
      { upPolicies: [{ kind: "percent", value: 100, periodMs: 60_000 }] },
      [
        [0, 10, 2, "scaled_up"],
        [60, 3, 3, "scaled_up"],
        [70, 50, 4, "scaled_up"],
        [80, 50, 4, "step_cap"],
        [120, 50, 6, "scaled_up"],
      ],
    ],
    [
      "a sudden load goes up at once, and nothing goes down for a while",
      { panic: { threshold: 2, windowMs: 60_000 }, upPolicies: [{ kind: "workers", value: 1, periodMs: 1_000 }] },
      [
        [0, 30, 30, "scaled_up"],
        [10, 31, 31, "scaled_up"],
        [20, 5, 31, "cooldown_down"],
        [60, 5, 5, "scaled_down"],
      ],
    ],
    [
      "paused stays as it is",
      { paused: true },
      [
        [0, 30, 1, "paused"],
        [10, 0, 1, "paused"],
      ],
    ],
  ])("%s", (_, changes, steps) => check([1, 100], damped(changes), steps));

  test("panic goes past steps, cool-down and window, and only from its threshold on", () => {
    const knobs = { damping: { ...dampingDefaults, upWindowMs: 60_000, panic: { threshold: 3, windowMs: 60_000 } } };
    check([2, 10], knobs, [
      [0, 5, 4, "scaled_up"],
      [10, 11, 4, "cooldown_up"],
    ]);
    check([2, 20], knobs, [
      [0, 2, 2, "steady"],
      [10, 5, 2, "cooldown_up"],
      [20, 6, 6, "scaled_up"],
      [21, 18, 18, "scaled_up"],
    ]);
  });
});

describe("what speaks against more", () => {
  test("a short host blocks ups only, panic included", () => {
    const panic = { threshold: 2, windowMs: 0 };
    const rehearsal = new Rehearsal([pool("a", 1, 9, { strategy: told, ...damped({ panic }) })]);
    expect(rehearsal.ask(0, 5)).toEqual([5, "scaled_up"]);
    expect(rehearsal.ask(10, 9, ["host_memory", "host_cpu"])).toEqual([5, "host_memory"]);
    expect(rehearsal.ask(20, 2, ["host_memory"])).toEqual([2, "scaled_down"]);
    expect(rehearsal.ask(30, 9, ["host_pids"])).toEqual([2, "host_pids"]);
  });

  test("the first worker of an empty pool waits for no cool-down and no window", () => {
    const knobs = { scaleDownCooldownMs: 0, damping: { ...dampingDefaults, upWindowMs: 60_000 } };
    check([0, 5], knobs, [
      [0, 1, 1, "scaled_up"],
      [10, 0, 0, "scaled_down"],
      [11, 4, 1, "scaled_up"],
      [12, 4, 1, "cooldown_up"],
    ]);
  });
});
