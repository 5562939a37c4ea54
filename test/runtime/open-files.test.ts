import { expect, test } from "bun:test";
import type { ConsumerSpec } from "../../src/core/farm/spec.ts";
import { openFilesNeeded } from "../../src/runtime/open-files.ts";
import { autoscaled, consumerSpec } from "../support/specs.ts";

const plain = (processes: number): ConsumerSpec => consumerSpec({ size: { kind: "static", processes } });
const bundle = (max: number): ConsumerSpec => consumerSpec({ size: autoscaled(1, max), preset: "symfony-messenger" });

test.each<[string, readonly ConsumerSpec[], number | null, { workers: number; files: number }]>([
  ["nobody", [], null, { workers: 0, files: 128 }],
  ["workers", [plain(10), plain(1)], null, { workers: 11, files: 128 + 44 }],
  ["the most that a pool may grow to", [bundle(10)], null, { workers: 10, files: 128 + 50 }],
  ["no more than the cap, the dearest first", [plain(10), bundle(10)], 12, { workers: 12, files: 128 + 50 + 8 }],
])("%s needs so many open files", (_, consumers, cap, needed) => {
  expect(openFilesNeeded(consumers, cap)).toEqual(needed);
});
