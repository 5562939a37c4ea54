import { describe, expect, test } from "bun:test";
import {
  findingTable,
  markdownTable,
  shownNumber,
  shownRatio,
  summarise,
  summaryTable,
  type Finding,
} from "../../../scripts/bench/table.ts";

const finding: Finding = {
  measure: "restart-50",
  title: "Restart",
  columns: [
    { key: "us", label: "median µs", compare: true },
    { key: "ms", label: "p99 ms", digits: 1 },
  ],
  rows: [
    { manager: "pm", outcomes: [{ figures: { us: 300, ms: 1.25 } }, { figures: { us: 500, ms: 2 } }] },
    { manager: "C", outcomes: [{ figures: { us: 200, ms: 0.5 } }] },
    { manager: "peer", outcomes: [{ failure: "no a|b" }, { figures: { us: 4000, ms: 9 } }] },
  ],
};

describe("the bench's tables", () => {
  test.each([
    [undefined, 0, ""],
    [Number.NaN, 0, ""],
    [0, 0, "0"],
    [1234.5, 0, "1,235"],
    [1.25, 1, "1.3"],
    [3, 2, "3.00"],
  ])("%p with %p digits is shown as %p", (value, digits, expected) => {
    expect(shownNumber(value, digits)).toBe(expected);
  });

  test.each([
    [400, 200, "2.00×"],
    [34, 0.34, "100×"],
    [1, 3, "0.33×"],
    [1, 0, ""],
    [undefined, 2, ""],
    [1, undefined, ""],
    [Number.NaN, 2, ""],
  ])("the ratio of %p to %p is %p", (value, reference, expected) => {
    expect(shownRatio(value, reference)).toBe(expected);
  });

  test("bars in cells are escaped", () => {
    expect(markdownTable(["a"], [["x|y"]])).toBe("| a |\n| --- |\n| x\\|y |");
  });

  test("failed runs are told beside the medians of the good ones", () => {
    expect(finding.rows.map(summarise)).toEqual([
      { medians: { us: 400, ms: 1.625 }, failed: null },
      { medians: { us: 200, ms: 0.5 }, failed: null },
      { medians: { us: 4000, ms: 9 }, failed: "1 of 2 failed: no a|b" },
    ]);
  });

  test("compared figures carry their ratio to the reference; failures get a column of their own where there are any", () => {
    expect(findingTable(finding, "C").split("\n")).toEqual([
      "|  | median µs | p99 ms | failures |",
      "| --- | --- | --- | --- |",
      "| pm | 400 (2.00×) | 1.6 |  |",
      "| C | 200 | 0.5 |  |",
      "| peer | 4,000 (20×) | 9.0 | 1 of 2 failed: no a\\|b |",
    ]);
    expect(findingTable({ ...finding, rows: finding.rows.slice(0, 1) }, "C").split("\n")).toEqual([
      "|  | median µs | p99 ms |",
      "| --- | --- | --- |",
      "| pm | 400 | 1.6 |",
    ]);
  });

  test("the summary has a row for each compared figure, and says where a manager failed in all runs", () => {
    const rows = finding.rows.slice(0, 2).concat({ manager: "peer", outcomes: [{ failure: "gone" }] });
    expect(summaryTable([{ ...finding, rows }], "pm", "C").split("\n")).toEqual([
      "|  | pm | C | ratio | peer |",
      "| --- | --- | --- | --- | --- |",
      "| Restart: median µs | 400 | 200 | 2.00× | failed |",
    ]);
  });
});
