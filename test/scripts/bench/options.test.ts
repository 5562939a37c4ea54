import { describe, expect, test } from "bun:test";
import { chooseMeasures, measures } from "../../../scripts/bench/measures.ts";
import { readOptions } from "../../../scripts/bench/options.ts";

const defaults = {
  measures: [],
  managers: [],
  repetitions: 3,
  long: false,
  json: null,
  plots: null,
  show: null,
  overview: null,
  list: false,
};

function namesOf(chosen: ReturnType<typeof chooseMeasures>): readonly string[] | string {
  return typeof chosen === "string" ? chosen : chosen.map(({ name }) => name);
}

describe("the bench's command line", () => {
  test.each([
    [[], {}],
    [["restart", "stall"], { measures: ["restart", "stall"] }],
    [["--managers", "pm,PM2"], { managers: ["pm", "PM2"] }],
    [["--long"], { long: true, repetitions: 7 }],
    [["--long", "--repetitions", "2"], { long: true, repetitions: 2 }],
    [["--json", "a.json", "--plots", "plots"], { json: "a.json", plots: "plots" }],
    [["--show", "a.json"], { show: "a.json" }],
    [["--overview", "a.json"], { overview: "a.json" }],
    [["--list"], { list: true }],
  ])("%p", (words, expected) => {
    expect(readOptions(words)).toEqual({ ...defaults, ...expected });
  });

  test.each([
    [["--repetitions", "0"], '--repetitions: expected a whole number from 1, found "0"'],
    [["--repetitions", "many"], '--repetitions: expected a whole number from 1, found "many"'],
    [["--fast"], expect.stringContaining("--fast")],
    [["--json"], expect.stringContaining("--json")],
  ])("%p is refused", (words, problem) => {
    expect(readOptions(words)).toEqual(problem);
  });

  test("measures are chosen by how their names begin, and no two have one name", () => {
    expect(namesOf(chooseMeasures([]))).toEqual(measures.map(({ name }) => name));
    expect(namesOf(chooseMeasures(["stall", "restart"]))).toEqual(["restart-50", "restart-1000", "stall"]);
    expect(chooseMeasures(["stall", "nothing"])).toBe(`no measure's name begins with "nothing"; --list names them`);
    expect(new Set(measures.map(({ name }) => name)).size).toBe(measures.length);
  });
});
