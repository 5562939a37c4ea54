import { expect, test } from "bun:test";
import { ageText, bytesText, percentText } from "../../../src/core/farm/amounts.ts";

test.each([
  [-3, "0s"],
  [0, "0s"],
  [0.9, "0s"],
  [59.9, "59s"],
  [60, "1m"],
  [61, "1m 1s"],
  [3600, "1h"],
  [3661, "1h 1m"],
  [86_400 * 3 + 3600 * 4 + 59, "3d 4h"],
  [86_400 * 400 + 59, "400d"],
])("%d seconds are %s", (seconds, text) => {
  expect(ageText(seconds)).toBe(text);
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1 KiB"],
  [33_030_144, "31.5 MiB"],
  [1024 ** 2 - 1, "1 MiB"],
  [134_217_728, "128 MiB"],
  [2.26 * 1024 ** 3, "2.3 GiB"],
  [5000 * 1024 ** 4, "5000 TiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [0, "0%"],
  [0.0004, "0%"],
  [0.0123, "1.2%"],
  [1, "100%"],
  [2.504, "250%"],
])("a share of %d is %s", (share, text) => {
  expect(percentText(share)).toBe(text);
});
