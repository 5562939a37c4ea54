import { expect, test } from "bun:test";
import { bar, shortBytes, shortDuration, shortNumber, sparkline } from "../../src/top/figures.ts";

test.each([
  [-1, "0s"],
  [59.9, "59s"],
  [60, "1m00s"],
  [7380, "2h03m"],
  [86_400 * 3 + 4 * 3600 + 59, "3d04h"],
])("%d seconds are %s", (seconds, text) => expect(shortDuration(seconds)).toBe(text));

test.each([
  [0, "0K"],
  [812 * 1024, "812K"],
  [9.94 * 1024 ** 2, "9.9M"],
  [38 * 1024 ** 2, "38M"],
  [999.4 * 1024 ** 2, "999M"],
  [1000 * 1024 ** 2, "1.0G"],
  [1500 * 1024 ** 4, "1500T"],
])("%d bytes are %s", (bytes, text) => expect(shortBytes(bytes)).toBe(text));

test.each([
  [0, "0"],
  [0.04, "0"],
  [0.44, "0.4"],
  [9.94, "9.9"],
  [9.96, "10"],
  [999.4, "999"],
  [999.6, "1.0k"],
  [34_300, "34k"],
])("%d is %s", (value, text) => expect(shortNumber(value)).toBe(text));

test.each([
  [0, "░░░░"],
  [0.01, "█░░░"],
  [0.5, "██░░"],
  [1, "████"],
  [7, "████"],
])("a share of %d is %s", (share, text) => expect(bar(share, 4)).toBe(text));

test("a sparkline has a character for each share, and a blank for what is not known", () => {
  expect(sparkline([null, 0, 0.5, 1, 3])).toBe(" ▁▅██");
});
