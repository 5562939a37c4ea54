import { describe, expect, test } from "bun:test";
import { parseRecords, restartGapsUs } from "../../../scripts/bench/records.ts";
import { readReport } from "../../../scripts/bench/report.ts";

function record(atNs: number, pid: number, kind: string, value: number): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeBigUInt64LE(BigInt(atNs), 0);
  bytes.writeUInt32LE(pid, 8);
  bytes.writeUInt32LE(kind.charCodeAt(0), 12);
  bytes.writeBigUInt64LE(BigInt(value), 16);
  return bytes;
}

describe("what workers note", () => {
  test("whole records are read, half of one is left out", () => {
    const bytes = Buffer.concat([record(5_000, 7, "S", 0), record(9_000, 7, "L", 42), Buffer.alloc(10)]);
    expect(parseRecords(bytes)).toEqual([
      { atNs: 5_000, pid: 7, kind: "S", value: 0 },
      { atNs: 9_000, pid: 7, kind: "L", value: 42 },
    ]);
  });

  test("a gap lasts from an end to the next start; what has no partner counts for nothing", () => {
    const notes = [
      ["S", 1000],
      ["E", 3000],
      ["S", 4500],
      ["S", 5000],
      ["E", 9000],
      ["S", 9250],
      ["E", 9500],
    ] as const;
    const records = notes.map(([kind, atNs]) => ({ kind, atNs, pid: 1, value: 0 }));
    expect(restartGapsUs(records)).toEqual([1.5, 0.25]);
  });
});

describe("a report of the bench", () => {
  const report = {
    pm: "0.1.0",
    machine: "2 × processor",
    repetitions: 3,
    long: false,
    managers: [{ name: "pm", note: "", found: true }],
    findings: [
      {
        measure: "stall",
        title: "T",
        columns: [{ key: "a", label: "A", compare: true }],
        rows: [{ manager: "pm", outcomes: [{ figures: { a: 1 } }, { failure: "no" }] }],
      },
    ],
  };

  test("is read as it was written", () => {
    expect(readReport(JSON.stringify(report))).toEqual(report);
  });

  test.each(["{", "[]", '{"pm":1}'])("%s is none", (text) => {
    expect(readReport(text)).toMatch(/^not a report of the bench: .+/u);
  });
});
