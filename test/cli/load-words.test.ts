import { describe, expect, test } from "bun:test";
import type { Arrivals, RatePiece } from "../../src/core/simulation/arrivals.ts";
import { readArrivals, readServiceTime } from "../../src/cli/load-words.ts";

const level = (fromSeconds: number, perSecond: number): RatePiece => ({
  fromSeconds,
  perSecond,
  untilPerSecond: perSecond,
});

describe("arrivals in words", () => {
  test.each([
    ["4/s", [level(0, 4)], []],
    ["90/m", [level(0, 1.5)], []],
    ["0:1/s,10m:10/s", [level(0, 1), level(600, 10)], []],
    ["10s:3600/h", [level(0, 0), level(10, 1)], []],
    ["ramp:1..10/s/60s", [{ fromSeconds: 0, perSecond: 1, untilPerSecond: 10 }, level(60, 10)], []],
    [
      "burst:100@30s,50@0s",
      [],
      [
        { atSeconds: 0, messages: 50 },
        { atSeconds: 30, messages: 100 },
      ],
    ],
    ["2/s+burst:100@1m", [level(0, 2)], [{ atSeconds: 60, messages: 100 }]],
  ] satisfies [string, Arrivals["pieces"], Arrivals["bursts"]][])("%s", (text, pieces, bursts) => {
    expect(readArrivals(text)).toEqual({ ok: true, value: { pieces, bursts, periodSeconds: null } });
  });

  test.each([
    ["4", '"4" is no rate; '],
    ["", '"" is no rate; '],
    ["1.2.3/s", '"1.2.3/s" is no rate; '],
    ["0:1/s,0:2/s", '"0:2/s" begins no later than '],
    ["x:1/s", '"x" is no time: '],
    ["ramp:1..10/s/0", '"0" is no length for a ramp'],
    ["burst:100", '"100" is no burst'],
    ["burst:1@0s+1/s+2/s", '"2/s" is a second rate'],
    ["9999999/s", '"9999999/s" is no rate'],
  ])("%s means nothing", (text, problem) => {
    expect(readArrivals(text)).toEqual({ ok: false, problem: expect.stringMatching(/^[^\n]+$/u) });
    expect(JSON.stringify(readArrivals(text))).toContain(JSON.stringify(problem).slice(1, -1));
  });
});

describe("service times in words", () => {
  test.each([
    ["exp:0.5s", { type: "exp", meanSeconds: 0.5 }],
    ["const:250ms", { type: "const", meanSeconds: 0.25 }],
    ["lognormal:0.5s,1.2", { type: "lognormal", meanSeconds: 0.5, sigma: 1.2 }],
  ] as const)("%s", (text, value) => {
    expect(readServiceTime(text)).toEqual({ ok: true, value });
  });

  test.each(["exp", "exp:0s", "exp:1s,2", "lognormal:1s", "lognormal:1s,x", "gamma:1s", "const:-1s", ""])(
    "%s means nothing",
    (text) => {
      const problem = `"${text}" is no service time; write such as exp:0.5s, const:1s or lognormal:0.5s,1.2`;
      expect(readServiceTime(text)).toEqual({ ok: false, problem });
    },
  );
});
