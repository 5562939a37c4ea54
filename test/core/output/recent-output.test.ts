import { describe, expect, test } from "bun:test";
import { RecentOutput } from "../../../src/core/output/recent-output.ts";

const limits = { maxBytes: 32 * 1024 * 1024, maxBytesPerWorker: 64 * 1024, maxGoneWorkers: 3 };
const flood = Buffer.alloc(65_536, "x");
const meta = { streamId: 0, startsLine: true, endsStream: false, atEpochMs: 0 };
const allocate = (bytes: number): Buffer => Buffer.alloc(bytes);

/** Workers 0… each of which has written so much. */
function farm(workers: number, bytes: number): RecentOutput {
  const recent = new RecentOutput(limits, allocate);
  for (let worker = 0; worker < workers; worker++) write(recent, worker, bytes);
  return recent;
}

function write(recent: RecentOutput, worker: number, bytes: number): void {
  const of = recent.worker({ worker, slot: worker, consumer: "a" });
  for (let rest = bytes; rest > 0; rest -= flood.length) recent.push(of, meta, flood, 0, Math.min(rest, flood.length));
}

const allocated = (recent: RecentOutput): number =>
  [...recent.all()].reduce((sum, { chunks }) => sum + (chunks?.allocatedBytes ?? 0), 0);

const keptBy = (recent: RecentOutput, worker: number): number => {
  let bytes = 0;
  recent.worker({ worker, slot: 0, consumer: "" }).chunks?.each((_, __, start, end) => (bytes += end - start));
  return bytes;
};

describe("RecentOutput", () => {
  test.each([1, 100, 512, 513, 1000, 3000, 20_000])(
    "%p workers in full flood take no more than there is",
    (workers) => {
      const recent = farm(workers, 200_000);
      expect(allocated(recent)).toBeLessThanOrEqual(limits.maxBytes);
      expect(keptBy(recent, 0)).toBeGreaterThan(
        limits.maxBytes / workers / 5 > 32_000 ? 32_000 : limits.maxBytes / workers / 5,
      );
    },
  );

  test("workers that write nothing take nothing", () => {
    expect(allocated(farm(1000, 0))).toBe(0);
  });

  test("a quiet one keeps its last words however loud the others are", () => {
    const recent = farm(1, 100);
    for (let worker = 1; worker < 3000; worker++) write(recent, worker, 100_000);
    expect(keptBy(recent, 0)).toBe(100);
  });

  test("those that are gone are remembered, the last ones, and no more once they are forgotten", () => {
    const recent = farm(6, 100);
    const forgotten = [4, 0, 3, 4, 1, 5, 99].map((worker) => recent.leave(worker)?.ref.worker ?? null);
    expect(forgotten).toEqual([null, null, null, null, 4, 0, null]);
    expect(Array.from(recent.all(), ({ ref }) => ref.worker)).toEqual([1, 2, 3, 5]);
  });

  test("what a forgotten one's grandchildren say is not kept", () => {
    const recent = farm(4, 100);
    const first = recent.worker({ worker: 0, slot: 0, consumer: "a" });
    for (const worker of [0, 1, 2, 3]) recent.leave(worker);
    recent.push(first, meta, flood, 0, 10);
    expect(first).toMatchObject({ isForgotten: true, chunks: null });
  });

  test("when many are gone, the others have room again", () => {
    const recent = farm(2000, 65_536);
    for (let worker = 100; worker < 2000; worker++) recent.leave(worker);
    write(recent, 0, 200_000);
    expect(keptBy(recent, 0)).toBeGreaterThan(32_000);
    expect(allocated(recent)).toBeLessThanOrEqual(limits.maxBytes);
  });
});
