import { describe, expect, test } from "bun:test";
import { Registry } from "../../src/surface/series.ts";

const pageOf = (registry: Registry): string => [...registry.text()].join("");
/** The series, without what is said of them. */
const linesOf = (registry: Registry): string[] =>
  pageOf(registry)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

describe("metrics that are kept", () => {
  test("are told in the order they were made, a blank line behind each", () => {
    const registry = new Registry();
    registry.counter("one_total", "The first.");
    registry.gauge("two", "The second.", "a");
    expect(pageOf(registry)).toBe(
      "# HELP one_total The first.\n# TYPE one_total counter\none_total 0\n\n# HELP two The second.\n# TYPE two gauge\n\n",
    );
  });

  test("one without labels is there from the start; one with labels has a series for each that was counted", () => {
    const registry = new Registry();
    const alone = registry.counter("alone_total", "");
    const apart = registry.counter("apart_total", "", "a", "b");
    alone.inc({});
    apart.inc({ b: "x", a: "y" }, 0);
    apart.inc({ a: "z", b: "x" }, 1.5);
    apart.labels({ a: "z", b: "x" }).inc();
    expect(linesOf(registry)).toEqual(["alone_total 1", 'apart_total{a="y",b="x"} 0', 'apart_total{a="z",b="x"} 2.5']);
  });

  test.each([
    ["plain", "plain"],
    ['a "quoted" one', 'a \\"quoted\\" one'],
    ["back\\slash", "back\\\\slash"],
    ["two\nlines", "two\\nlines"],
    ["__proto__", "__proto__"],
  ])("the label %j stands as %j", (value, text) => {
    const registry = new Registry();
    registry.counter("some_total", "", "a").inc({ a: value });
    expect(linesOf(registry)).toEqual([`some_total{a="${text}"} 1`]);
  });

  test("a gauge that was cleared has no series", () => {
    const registry = new Registry();
    const gauge = registry.gauge("some", "", "a");
    gauge.inc({ a: "x" }, 3);
    gauge.clear();
    expect(linesOf(registry)).toEqual([]);
    gauge.inc({ a: "x" }, 1);
    expect(linesOf(registry)).toEqual(['some{a="x"} 1']);
  });

  test("a histogram is told from its first value on; each bucket holds all smaller ones", () => {
    const registry = new Registry();
    const histogram = registry.histogram("some_seconds", "", [0.1, 1], "a").labels({ a: "x" });
    expect(linesOf(registry)).toEqual([]);
    for (const value of [0.1, 0.5, 1, 7]) histogram.add(value);
    expect(linesOf(registry)).toEqual([
      'some_seconds_bucket{le="0.1",a="x"} 1',
      'some_seconds_bucket{le="1",a="x"} 3',
      'some_seconds_bucket{le="+Inf",a="x"} 4',
      'some_seconds_sum{a="x"} 8.6',
      'some_seconds_count{a="x"} 4',
    ]);
  });

  test.each(["x", "x\\", 'x"', 'x",consumer="y', "\n"])(
    "what is forgotten of %j is all of it, and nothing else",
    (name) => {
      const registry = new Registry();
      const counter = registry.counter("some_total", "", "consumer", "b");
      const others = ["y", "xx", `${name} `, `consumer="${name}"`, `b",consumer="${name}`];
      for (const consumer of [name, ...others]) for (const b of ["1", "2"]) counter.inc({ consumer, b });
      for (const b of others) counter.inc({ consumer: "z", b });
      const before = linesOf(registry);
      registry.forget("consumer", name);
      expect(linesOf(registry)).toEqual(before.slice(2));
    },
  );

  test("comes in pieces of bounded size, also while series come and go", () => {
    const registry = new Registry();
    const counter = registry.counter("some_total", "", "a");
    for (let n = 0; n < 5_000; n++) counter.inc({ a: String(n) });
    const pieces: string[] = [];
    for (const piece of registry.text()) {
      pieces.push(piece);
      registry.forget("a", "4999");
    }
    expect(Math.max(...pieces.map((piece) => piece.split("\n").length))).toBeLessThan(600);
    expect(pieces.join("").match(/^some_total\{/gmu)).toHaveLength(4_999);
  });
});
