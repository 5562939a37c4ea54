import { expect, test } from "bun:test";
import type { OutputReport } from "../../src/output/messages.ts";
import { ReportQueue } from "../../src/output/report-queue.ts";

const report = (key: number): OutputReport => ({ type: "frame", key, line: "" });

/** A queue whose reports take a millisecond each; `done` resolves to the order in which all has happened. */
function slowQueue(total: number): {
  readonly queue: ReportQueue;
  readonly story: (number | string)[];
  readonly done: Promise<void>;
} {
  const story: (number | string)[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  const queue = new ReportQueue(
    (each) => {
      const endMs = performance.now() + 1;
      while (performance.now() < endMs);
      story.push("key" in each ? each.key : each.type);
      seen += 1;
    },
    (bytes) => {
      story.push(`${bytes} bytes`);
      if (seen === total) resolve();
    },
  );
  return { queue, story, done: promise };
}

test("reports are handed on in order, and a batch is given back once all of it has been taken", async () => {
  const { queue, story, done } = slowQueue(4);
  queue.push({ reports: [report(1), report(2)], bytes: 10 });
  queue.push({ reports: [], bytes: 5 });
  queue.push({ reports: [report(3), report(4)], bytes: 20 });
  await done;
  expect(story).toEqual([1, 2, "10 bytes", "5 bytes", 3, 4, "20 bytes"]);
});

test("however many there are, the event loop turns in between", async () => {
  const { queue, story, done } = slowQueue(100);
  queue.push({ reports: Array.from({ length: 100 }, (_, key) => report(key)), bytes: 1 });
  setTimeout(() => story.push("a timer"), 0);
  await done;
  expect(story).toHaveLength(102);
  expect(story.indexOf("a timer")).toBeLessThan(50);
});
