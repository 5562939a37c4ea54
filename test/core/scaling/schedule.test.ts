import { describe, expect, test } from "bun:test";
import { matches, parseCron } from "../../../src/core/scaling/cron.ts";
import { isTimeZone, localMinute } from "../../../src/core/scaling/local-minute.ts";
import { bySchedule } from "../../../src/core/scaling/schedule.ts";

function holds(expression: string, instant: string, timeZone = "UTC"): boolean {
  const cron = parseCron(expression);
  if (typeof cron === "string") throw new Error(cron);
  return matches(cron, localMinute(Date.parse(instant), timeZone));
}

describe("a cron expression", () => {
  // 2026-07-06 is a Monday.
  test.each([
    ["* * * * *", "2026-07-06T03:04:59Z", true],
    ["* 8-17 * * 1-5", "2026-07-06T08:00:00Z", true],
    ["* 8-17 * * 1-5", "2026-07-06T17:59:59Z", true],
    ["* 8-17 * * 1-5", "2026-07-06T18:00:00Z", false],
    ["* 8-17 * * 1-5", "2026-07-05T12:00:00Z", false],
    ["* * * * mon-fri", "2026-07-10T12:00:00Z", true],
    ["* * * * MON-Fri", "2026-07-11T12:00:00Z", false],
    ["* * * * sat-sun", "2026-07-12T12:00:00Z", true],
    ["* * * * sat-sun", "2026-07-06T12:00:00Z", false],
    ["* * * * 7", "2026-07-12T12:00:00Z", true],
    ["* * * * 0", "2026-07-12T12:00:00Z", true],
    ["*/15 * * * *", "2026-07-06T00:45:00Z", true],
    ["*/15 * * * *", "2026-07-06T00:50:00Z", false],
    ["5/20 * * * *", "2026-07-06T00:45:00Z", true],
    ["10-30/10 * * * *", "2026-07-06T00:40:00Z", false],
    ["0,30 0 * * *", "2026-07-06T00:30:00Z", true],
    ["* * * feb,jul *", "2026-07-06T00:30:00Z", true],
    ["* * * jan-jun *", "2026-07-06T00:30:00Z", false],
    ["* * 13 * fri", "2026-07-13T00:00:00Z", true],
    ["* * 13 * fri", "2026-07-10T00:00:00Z", true],
    ["* * 13 * fri", "2026-07-11T00:00:00Z", false],
    ["* * 13 * *", "2026-07-10T00:00:00Z", false],
  ])("%p at %s: %p", (expression, instant, expected) => {
    expect(holds(expression, instant)).toBe(expected);
  });

  test.each([
    ["", '"" has 0 fields; write five: minute hour day-of-month month day-of-week'],
    ["* * * *", '"* * * *" has 4 fields; write five: minute hour day-of-month month day-of-week'],
    ["60 * * * *", 'minute: "60" is not a number 0..59, a range or *'],
    ["* * 0 * *", 'day of month: "0" is not a number 1..31, a range or *'],
    ["* * * juli *", 'month: "juli" is not a number 1..12, jan..dec, a range or *'],
    ["* 17-8 * * *", 'hour: "17-8" runs backwards; write two ranges with a comma'],
    ["*/0 * * * *", 'minute: "*/0" has no step above 0; write for example */15'],
    ["1,,2 * * * *", 'minute: "" is not a number 0..59, a range or *'],
    ["1-2-3 * * * *", 'minute: "1-2-3" is not a number 0..59, a range or *'],
  ])("%p is refused with a reason", (expression, reason) => {
    expect(parseCron(expression)).toBe(reason);
  });
});

describe("a time zone", () => {
  test.each([
    ["winter is an hour ahead", "* 8 * * *", "2026-01-15T07:30:00Z", true],
    ["summer is two", "* 8 * * *", "2026-07-15T06:30:00Z", true],
    ["summer is not one", "* 8 * * *", "2026-07-15T07:30:00Z", false],
    ["the day begins there", "* 0 * * thu", "2026-01-14T23:00:00Z", true],
    ["01:59 is before the leap", "59 1 * * *", "2026-03-29T00:59:00Z", true],
    ["03:00 follows it", "0 3 * * *", "2026-03-29T01:00:00Z", true],
    ["02:30 comes in autumn", "30 2 * * *", "2026-10-25T00:30:00Z", true],
    ["02:30 comes twice in autumn", "30 2 * * *", "2026-10-25T01:30:00Z", true],
  ])("Berlin: %s", (_, expression, instant, expected) => {
    expect(holds(expression, instant, "Europe/Berlin")).toBe(expected);
  });

  test("an hour that the clock skips never comes", () => {
    const midnight = Date.parse("2026-03-28T23:00:00Z");
    const minutes = Array.from({ length: 23 * 60 }, (_, minute) => new Date(midnight + minute * 60_000).toISOString());
    expect(minutes.filter((instant) => holds("* 2 * * *", instant, "Europe/Berlin"))).toEqual([]);
  });

  test("is known or not", () => {
    expect(["UTC", "Europe/Berlin", "Mars/Base", ""].map(isTimeZone)).toEqual([true, true, false, false]);
  });
});

const rule = (min: number | null, max: number | null, cron = "* * * * *") => ({ cron, min, max });

describe("bySchedule", () => {
  const noon = Date.parse("2026-07-06T12:00:00Z");

  test.each([
    ["nothing without a rule", [], null, null],
    ["nothing when none holds", [rule(4, 5, "* 3 * * *")], null, null],
    ["the floor of one, the ceiling of another", [rule(4, null), rule(null, 8)], 4, 8],
    ["the highest floor and the lowest ceiling", [rule(4, 9), rule(6, 8), rule(1, 1, "* 3 * * *")], 6, 8],
    ["the ceiling when they contradict each other", [rule(9, null), rule(null, 3)], 3, 3],
    ["nothing by what cannot be read", [rule(9, 9, "nonsense")], null, null],
  ])("says %s", (_, rules, floor, ceiling) => {
    expect(bySchedule(rules, "UTC", noon)).toMatchObject({ floor, ceiling });
  });
});
