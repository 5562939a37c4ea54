import { describe, expect, test } from "bun:test";
import type { LogQuery } from "../../src/core/farm/log-lines.ts";
import { LogTail, type TailedStream } from "../../src/output/log-tail.ts";
import type { LinesReport } from "../../src/output/messages.ts";
import { pick, seeded } from "../core/output/json-generator.ts";

const all: LogQuery = { consumer: null, slot: null, worker: null, stream: null, minLevel: null, lines: 100 };

/** A tail, and what it has reported to each request. */
class Tail {
  readonly tail = new LogTail((report) => this.reports.push(report));
  readonly reports: LinesReport[] = [];
  #nextKey = 0;

  open(worker: number, stream: "stdout" | "stderr" = "stdout", consumer = "async"): TailedStream {
    return this.tail.open({ key: this.#nextKey++, workerId: worker, slot: worker, consumer }, stream);
  }

  ask(request: number, query: Partial<LogQuery> = {}, follow = false): string[] {
    this.tail.obey({ do: "lines", request, query: { ...all, ...query }, follow });
    return this.reports.at(-1)?.lines.map(({ text }) => text) ?? [];
  }

  /** All that the request has been told; with `heard` it has taken what it was told last, and is told more. */
  told(request: number, heard = true): string[] {
    if (heard) this.tail.obey({ do: "lines_heard", request });
    this.tail.report(false);
    return this.reports
      .filter((report) => report.request === request)
      .flatMap(({ lines }) => lines.map(({ text }) => text));
  }

  lost(request: number): number {
    return this.reports.reduce((sum, report) => sum + (report.request === request ? report.lost : 0), 0);
  }
}

/** Overwritten afterwards, as the loop's chunk is. */
function write(stream: TailedStream, text: string): void {
  const bytes = Buffer.from(`>${text}\n<`);
  stream.push(bytes, 1, bytes.length - 2);
  bytes.fill("#");
}

describe("recent lines", () => {
  test("outlive the process, with what it did not finish", () => {
    const tail = new Tail();
    const first = tail.open(7);
    write(first, "one\nlast wor");
    expect(tail.ask(0)).toEqual(["one"]);
    write(first, "ds");
    first.end();
    write(tail.open(7), "again\n");
    expect(tail.ask(1)).toEqual(["one", "last words", "again"]);
  });

  test("are chosen by worker, slot, consumer and stream, and merged", () => {
    const tail = new Tail();
    write(tail.open(1), "1\n");
    write(tail.open(2, "stderr"), "2\n");
    write(tail.open(3, "stdout", "mail"), "3\n");
    expect(tail.ask(0, { worker: 1 })).toEqual(["1"]);
    expect(tail.ask(1, { slot: 2 })).toEqual(["2"]);
    expect(tail.ask(2, { consumer: "mail" })).toEqual(["3"]);
    expect(tail.ask(3, { stream: "stderr" })).toEqual(["2"]);
    expect(tail.ask(4).toSorted()).toEqual(["1", "2", "3"]);
    expect(tail.ask(5, { lines: 0 })).toEqual([]);
    expect(tail.reports[0]?.lines[0]).toMatchObject({
      worker: 1,
      slot: 1,
      consumer: "async",
      stream: "stdout",
      level: null,
    });
  });

  test("are kept one by one where there are frames between them", () => {
    const tail = new Tail();
    const stream = tail.open(1);
    for (const text of ["one", "", "two"]) stream.pushLine(Buffer.from(`(${text})`), 1, 1 + text.length);
    expect(tail.ask(0)).toEqual(["one", "", "two"]);
  });

  test("are 10,000 at most, and 8 MiB", () => {
    const tail = new Tail();
    for (let worker = 0; worker < 20; worker++) write(tail.open(worker), "x\n".repeat(5_000));
    expect(tail.ask(0, { lines: 1e9 })).toHaveLength(10_000);
    for (let worker = 0; worker < 400; worker++) write(tail.open(worker), `${"y".repeat(8_000)}\n`.repeat(4));
    const long = tail.ask(1, { lines: 1e9 });
    expect(long.reduce((sum, text) => sum + text.length, 0)).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(long.length).toBeGreaterThan(1_000);
  });
});

describe("whoever follows", () => {
  test("is told what there is and then what comes, without a gap, and no line twice", () => {
    const tail = new Tail();
    const stream = tail.open(1);
    write(stream, "one\ntw");
    expect(tail.ask(0, {}, true)).toEqual(["one"]);
    write(stream, "o\nthree\nfou");
    write(tail.open(2), "new worker\n");
    expect(tail.told(0)).toEqual(["one", "two", "three", "new worker"]);
    stream.end();
    expect(tail.told(0)).toEqual(["one", "two", "three", "new worker", "fou"]);
  });

  test("may want only what comes, which begins with the line under way", () => {
    const tail = new Tail();
    const stream = tail.open(1);
    write(stream, "one\ntw");
    expect(tail.ask(0, { lines: 0 }, true)).toEqual([]);
    write(stream, "o\n");
    expect(tail.told(0)).toEqual(["two"]);
  });

  test("hears only what is wanted", () => {
    const tail = new Tail();
    tail.ask(0, { consumer: "mail" }, true);
    tail.ask(1, { stream: "stderr", minLevel: "error" }, true);
    write(tail.open(1, "stdout", "mail"), "level=error a\n");
    write(tail.open(2, "stderr"), "level=error b\nlevel=info c\n");
    expect(tail.told(0)).toEqual(["level=error a"]);
    expect(tail.told(1)).toEqual(["level=error b"]);
  });

  test("is told no more before it has taken what it was told last", () => {
    const tail = new Tail();
    const stream = tail.open(1);
    tail.ask(0, {}, true);
    write(stream, "one\n");
    expect(tail.told(0, false)).toEqual([]);
    expect(tail.told(0)).toEqual(["one"]);
    write(stream, "two\n");
    expect(tail.told(0, false)).toEqual(["one"]);
    expect(tail.told(0)).toEqual(["one", "two"]);
  });

  test("and does not keep up, loses whole lines behind those that wait, which are counted", () => {
    const tail = new Tail();
    const stream = tail.open(1);
    tail.ask(0, {}, true);
    const line = "x".repeat(999);
    for (let count = 0; count < 5_000; count++) write(stream, `${count} ${line}\n`);
    let told = tail.told(0);
    for (let before = -1; told.length > before; told = tail.told(0)) before = told.length;
    expect(told.map((text) => Number(text.split(" ")[0]))).toEqual(told.map((_, index) => index));
    expect(told.length).toBeGreaterThan(900);
    expect(told.length).toBeLessThan(1_100);
    expect(told.length + tail.lost(0)).toBe(5_000);
    expect(tail.reports.filter(({ lost }) => lost > 0)).toHaveLength(1);
    write(stream, "after the gap\n");
    expect(tail.told(0).at(-1)).toBe("after the gap");
  });

  test("has one gap rather than many: nothing is let in before all that waits has been taken", () => {
    const tail = new Tail();
    const stream = tail.open(1);
    tail.ask(0, {}, true);
    write(stream, `${"x".repeat(999)}\n`.repeat(1_100));
    const first = tail.told(0);
    write(stream, "into the gap\n");
    let told = tail.told(0);
    for (let before = first.length; told.length > before; told = tail.told(0)) before = told.length;
    expect(told).not.toContain("into the gap");
    expect(told.length + tail.lost(0)).toBe(1_101);
  });

  test("is not disturbed by one who comes in the middle of a line longer than what is kept", () => {
    const tail = new Tail();
    const stream = tail.open(1);
    tail.ask(0, {}, true);
    for (let count = 0; count < 3; count++) write(stream, "x".repeat(60_000));
    tail.ask(1, {}, true);
    write(stream, "\nnext\n");
    expect(tail.told(0)).toEqual([expect.stringContaining("[truncated 163616 bytes]"), "next"]);
  });

  test("is told all that waits at the end", () => {
    const tail = new Tail();
    tail.ask(0, {}, true);
    write(tail.open(1), `${"x".repeat(10_000)}\n`.repeat(60));
    tail.tail.report(true);
    expect(tail.told(0, false)).toHaveLength(60);
  });

  test("does so at once with others, and finds nothing stale when one has gone", () => {
    const tail = new Tail();
    const stream = tail.open(1);
    tail.ask(0, {}, true);
    write(stream, "un");
    tail.ask(1, {}, true);
    tail.tail.obey({ do: "lines_unfollow", request: 0 });
    write(stream, "heard of by one\n");
    expect(tail.told(1)).toEqual(["unheard of by one"]);
    expect(tail.told(0)).toEqual([]);
    tail.tail.obey({ do: "lines_unfollow", request: 1 });
    write(stream, "missed\nbe");
    tail.ask(2, { lines: 0 }, true);
    write(stream, "ginning\n");
    expect(tail.told(2)).toEqual(["beginning"]);
  });

  test("hears a worker's last words after it is gone for good", () => {
    const tail = new Tail();
    const stream = tail.open(1);
    tail.ask(0, {}, true);
    write(stream, "last");
    tail.tail.obey({ do: "forget_worker", worker: 1 });
    write(stream, " words\n");
    expect(tail.told(0)).toEqual(["last words"]);
    expect(tail.ask(1)).toEqual(["last words"]);
  });

  test.each(Array.from({ length: 20 }, (_, seed) => seed))("sees each line once, whenever it comes (%p)", (seed) => {
    const random = seeded(seed);
    const tail = new Tail();
    const streams = [tail.open(1), tail.open(1, "stderr"), tail.open(2)];
    const step = (): void => write(pick(random, streams), pick(random, ["a", "b", "\n", "c\nd", "e\n\nf\n"]));
    for (let count = random(100); count > 0; count--) step();
    const ahead = tail.ask(0, { lines: 10_000 }, true).length;
    for (let count = random(100); count > 0; count--) step();
    const told = tail.told(0);
    // The same lines as those who come later see; workers may be merged in another way.
    expect(told.toSorted()).toEqual(tail.ask(1, { lines: 10_000 }).toSorted());
    expect(ahead).toBeLessThanOrEqual(told.length);
  });
});

test("5 MiB without a newline are cut for those who follow, and take no more memory than others", () => {
  const tail = new Tail();
  const stream = tail.open(1);
  tail.ask(0, {}, true);
  const part = "x".repeat(65_536);
  for (let count = 0; count < 80; count++) write(stream, part);
  write(stream, "\nnext\n");
  expect(tail.told(0)).toEqual([`${"x".repeat(16_384)} [truncated ${80 * 65_536 - 16_384} bytes]`, "next"]);
  expect(tail.ask(1)).toEqual(["next"]);
});

test("binary garbage is lines like any other", () => {
  const tail = new Tail();
  const stream = tail.open(1);
  const random = seeded(1);
  const garbage = Buffer.from(Array.from({ length: 20_000 }, () => random(256)));
  stream.push(garbage, 0, garbage.length);
  stream.end();
  const expected = garbage.toString("latin1").split("\n");
  if (expected.at(-1) === "") expected.pop();
  expect(tail.ask(0, { lines: 10_000 })).toEqual(expected.map((text) => Buffer.from(text, "latin1").toString("utf8")));
});
