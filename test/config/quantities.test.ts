import { describe, expect, test } from "bun:test";
import { formatDuration, parseDuration } from "../../src/config/duration.ts";
import { formatSize, parseSize } from "../../src/config/size.ts";

describe("parseDuration", () => {
  test.each([
    ["0", 0],
    ["30", 30_000],
    ["0.5", 500],
    ["1e2", 100_000],
    ["500ms", 500],
    ["0.2ms", 1],
    ["30s", 30_000],
    ["1.5s", 1500],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1h 30m", 5_400_000],
    ["2d", 172_800_000],
    ["1d2h3m4s5ms", 93_784_005],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms });
  });

  test.each([
    ["-5s", "no sign"],
    ["", "write a duration"],
    ["soon", "write a duration"],
    ["NaN", "write a duration"],
    ["30sec", "write 30s"],
    ["5 minutes", "write 5m"],
    ["2 hours", "write 2h"],
    ["10S", "write 10s"],
    ["1w", "write 7d"],
    ["3parsecs", "unknown unit parsecs; the units are"],
    ["30m1h", "the largest first"],
    ["1h1h", "each unit once"],
    ["1:30", "such as 1m30s"],
  ])("%p is refused: %s", (text, fragment) => {
    const result = parseDuration(text);
    expect(result.ok ? "accepted" : result.problem).toContain(fragment);
  });

  test.each([0, 1, 999, 1000, 1001, 60_000, 5_400_000, 86_399_999, 172_800_000])(
    "reads back what it writes: %d",
    (ms) => {
      expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, value: ms });
    },
  );
});

describe("parseSize", () => {
  test.each([
    ["1048576", 1_048_576],
    ["512K", 524_288],
    ["512kb", 524_288],
    ["128M", 134_217_728],
    ["128MB", 134_217_728],
    ["64MiB", 67_108_864],
    ["1.5G", 1_610_612_736],
    ["1T", 1_099_511_627_776],
    ["10B", 10],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parseSize(text)).toEqual({ ok: true, value: bytes });
  });

  test.each([
    ["-1M", "no sign"],
    ["128Mo", "write 128M"],
    ["128X", "the units are K, M, G and T"],
    ["lots", "write a size"],
    ["", "write a size"],
    ["99999999T", "more than pm can count"],
  ])("%p is refused: %s", (text, fragment) => {
    const result = parseSize(text);
    expect(result.ok ? "accepted" : result.problem).toContain(fragment);
  });

  test.each([
    [1000, "1000"],
    [1024, "1K"],
    [134_217_728, "128M"],
    [1_610_612_736, "1536M"],
    [1_073_741_824, "1G"],
  ])("%d is written as %s and read back", (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
    expect(parseSize(text)).toEqual({ ok: true, value: bytes });
  });
});
