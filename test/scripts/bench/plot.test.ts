import { describe, expect, test } from "bun:test";
import { lawPlots, lawTable, withoutLaws } from "../../../scripts/bench/laws.ts";
import { niceStep, renderSvg } from "../../../scripts/bench/plot.ts";
import type { Finding } from "../../../scripts/bench/table.ts";

const law = (size: number, pssMb: number): Finding => ({
  measure: `scaling-law-${size}`,
  title: String(size),
  columns: [],
  rows: [{ manager: "pm", outcomes: [{ figures: { pssMb } }] }],
});

describe("the bench's plots", () => {
  test.each([
    [0, 1],
    [Number.NaN, 1],
    [0.3, 0.5],
    [1, 1],
    [1.1, 2],
    [37, 50],
    [60, 100],
  ])("the step for %p is %p", (least, expected) => {
    expect(niceStep(least)).toBeCloseTo(expected, 12);
  });

  test("curves run from the left to the right by the logarithm of x, and from the bottom up", () => {
    const curves = [
      { name: "a<b", points: [1, 10, 100].map((x, at) => ({ x, y: at * 10 })) },
      {
        name: "c",
        points: [
          { x: 1, y: 5 },
          { x: 10, y: Number.NaN },
        ],
      },
    ];
    const svg = renderSvg({ title: "T", xLabel: "workers", yLabel: "µs", curves });
    expect(svg).toContain('<polyline points="70,310 345,202 620,94"');
    expect(svg).toContain('<polyline points="70,256"');
    expect(svg).toContain("a&lt;b");
    expect(svg).not.toMatch(/NaN|Infinity|a<b/u);
  });

  test("a plot of nothing is still a picture", () => {
    expect(renderSvg({ title: "T", xLabel: "x", yLabel: "y", curves: [] })).not.toMatch(/NaN|Infinity/u);
  });

  test("the findings of all sizes become one plot for each cost, and one table", () => {
    const other = { ...law(1, 2), measure: "stall" };
    const findings = [law(500, 31), other, law(1, 30)];
    expect(lawPlots(findings)).toEqual([
      {
        name: "pssMb",
        plot: expect.objectContaining({
          yLabel: "PSS MB",
          curves: [
            {
              name: "pm",
              points: [
                { x: 1, y: 30 },
                { x: 500, y: 31 },
              ],
            },
          ],
        }),
      },
    ]);
    expect(withoutLaws(findings)).toEqual([other]);
    expect(
      lawTable(findings, "pm")
        .split("\n")
        .slice(2)
        .map((line) => line.split(" | ").slice(0, 2)),
    ).toEqual([
      ["| 1", "30.0"],
      ["| 500", "31.0"],
    ]);
  });
});
