import { describe, expect, test } from "bun:test";
import { needsOf } from "../../src/deploy/farm-needs.ts";
import { farmOf } from "./farm-of.ts";

const scaled = "autoscaler: {min: 2, max: 9, strategy: {type: utilization}}";

describe("what a farm needs", () => {
  test.each([
    ["a: {command: [x], processes: 3}, b: {command: [x]}", "", { mostWorkers: 4, leastWorkers: 4, openFiles: 144 }],
    [`a: {command: [x], ${scaled}}, b: {command: [x]}`, "", { mostWorkers: 10, leastWorkers: 3, openFiles: 168 }],
    [`a: {command: [x], ${scaled}}`, "total_cap: 5\n", { mostWorkers: 5, leastWorkers: 2 }],
    ["a: {command: [x]}", "source: {command: [y]}\n", { mostWorkers: null, openFiles: null }],
    ["a: {command: [x]}", "source: {command: [y]}\ntotal_cap: 7\n", { mostWorkers: 7, openFiles: null }],
    ["a: {command: [x]}", "", { graceSeconds: 34 }],
    ["a: {command: [x], stop_timeout: 0}", "", { graceSeconds: null }],
    ["a: {command: [x], stop_timeout: 2s}, b: {command: [x], stop_timeout: 4s}", "", { graceSeconds: 5 }],
    ["a: {command: [x], stop_timeout: 2s}", "source: {command: [y]}\n", { graceSeconds: 34 }],
    ["a: {command: [php, a]}, b: {command: [node, b]}, c: {command: [php, c]}", "", { programs: ["php", "node"] }],
    ["a: {command: [x], user: app}, b: {command: [x]}", "", { changingUser: ["a"] }],
  ])("of {%s} with %p", (consumers, top, needs) => {
    expect(needsOf(farmOf(`${top}consumers: {${consumers}}\n`))).toMatchObject(needs);
  });
});
