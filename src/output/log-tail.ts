import { type LogLine, matchesLevel, matchesWorker, mergeLines } from "../core/farm/log-lines.ts";
import { LineAssembler } from "../core/output/line-assembler.ts";
import { LF } from "../core/output/ascii.ts";
import type { ChunkMeta, OnChunk } from "../core/output/recent-chunks.ts";
import { maxShownBytes, findLines, readLines, textOf, toLogLine } from "../core/output/recent-lines.ts";
import { type RememberedWorker, RecentOutput } from "../core/output/recent-output.ts";
import { ownBuffer } from "../system/libc.ts";
import { Follower, sizeOf } from "./follower.ts";
import type { LinesReport, ProcessKind, TailOrder, ToOutput } from "./messages.ts";

const limits = { maxBytes: 32 * 1024 * 1024, maxBytesPerWorker: 64 * 1024, maxGoneWorkers: 32 };
/** The most that is told at once, whatever is asked for. */
const maxLines = 10_000;
const maxAnswerBytes = 8 * 1024 * 1024;

const newline = ownBuffer(1).fill("\n");

/** The recent output of the workers, for those who ask, and what comes after, for those who follow. */
export class LogTail {
  readonly #post: (report: LinesReport) => void;
  readonly #recent = new RecentOutput(limits, ownBuffer);
  readonly #followers = new Map<number, Follower>();
  /** Of the workers that somebody follows. */
  readonly #assemblers = new Map<number, LineAssembler>();

  constructor(post: (report: LinesReport) => void) {
    this.#post = post;
  }

  /** One stream of a process that has just started. */
  open(
    {
      key,
      workerId,
      slot,
      consumer,
    }: Pick<Extract<ToOutput, { do: "open" }>, "key" | "workerId" | "slot"> & Pick<ProcessKind, "consumer">,
    stream: "stdout" | "stderr",
  ): TailedStream {
    const worker = this.#recent.worker({ worker: workerId, slot, consumer });
    const streamId = (2 * key + (stream === "stderr" ? 1 : 0)) >>> 0;
    return new TailedStream(streamId, (meta, bytes, start, end) => {
      this.#recent.push(worker, meta, bytes, start, end);
      if (this.#followers.size > 0) this.#follow(worker, meta, bytes, start, end);
    });
  }

  obey(order: TailOrder): void {
    switch (order.do) {
      case "forget_worker":
        this.#forget(order.worker);
        return;
      case "lines":
        this.#ask(order);
        return;
      case "lines_heard":
        this.#followers.get(order.request)?.heard();
        return;
      case "lines_unfollow":
        this.#unfollow(order.request);
        return;
    }
  }

  /** Hands over what has been gathered for those who are ready for it, and at the end for all. */
  report(isEnd: boolean): void {
    for (const [request, follower] of this.#followers) {
      for (let piece = follower.take(isEnd); piece !== null; piece = follower.take(isEnd))
        this.#post({ type: "lines", request, ...piece });
    }
  }

  #forget(workerId: number): void {
    const forgotten = this.#recent.leave(workerId);
    if (forgotten !== null) this.#assemblers.delete(forgotten.ref.worker);
  }

  #ask({ request, query: asked, follow }: Extract<TailOrder, { do: "lines" }>): void {
    const query = { ...asked, lines: Math.min(Math.max(0, asked.lines), maxLines) };
    const found = [];
    for (const { ref, chunks } of this.#recent.all()) {
      if (chunks === null || !matchesWorker(ref, query)) continue;
      const assembler = newAssembler();
      found.push({ ref, chunks, ...findLines(chunks, query, assembler) });
      // One that others follow the worker with has seen the same.
      if (follow && !this.#assemblers.has(ref.worker)) this.#assemblers.set(ref.worker, assembler);
    }
    // Text is made only of what will be shown: many workers may have much to tell.
    const sinceMs = newestSince(
      found.map(({ times }) => times),
      query.lines,
    );
    const lists = found.map(({ ref, chunks, indexes, times }) => {
      const first = times.findIndex((atMs) => atMs >= sinceMs);
      return first < 0 ? [] : readLines(ref, chunks, indexes.slice(first), newAssembler());
    });
    this.#post({ type: "lines", request, lines: newestThatFit(mergeLines(lists, query.lines)), lost: 0 });
    if (follow) this.#followers.set(request, new Follower(query));
  }

  #unfollow(request: number): void {
    this.#followers.delete(request);
    const queries = Array.from(this.#followers.values(), ({ query }) => query);
    // One that is not fed any more must not be found by who comes next.
    for (const { ref } of this.#recent.all())
      if (!queries.some((query) => matchesWorker(ref, query))) this.#assemblers.delete(ref.worker);
  }

  #follow({ ref, isForgotten }: RememberedWorker, meta: ChunkMeta, bytes: Buffer, start: number, end: number): void {
    if (isForgotten) return;
    const followers = [...this.#followers.values()].filter(({ query }) => matchesWorker(ref, query));
    if (followers.length === 0) return;
    const assembler = this.#assemblers.get(ref.worker) ?? newAssembler();
    this.#assemblers.set(ref.worker, assembler);
    assembler.push(meta, bytes, start, end, (of, line, from, to, droppedBytes) => {
      const ready = followers.filter((follower) => follower.hasRoomFor(of, to - from));
      if (ready.length === 0) return;
      const whole = toLogLine(ref, of, textOf(line, from, to, droppedBytes));
      for (const follower of ready) if (matchesLevel(whole.level, follower.query)) follower.add(whole);
    });
  }
}

/** One stream of a process, as it is written. */
export class TailedStream {
  readonly #streamId: number;
  readonly #take: OnChunk;
  /** The last byte ended no line. */
  #isMidLine = false;

  constructor(streamId: number, take: OnChunk) {
    this.#streamId = streamId;
    this.#take = take;
  }

  /** Takes the bytes [start, end) of a chunk that may be reused after. */
  push(chunk: Buffer, start: number, end: number): void {
    this.#give(chunk, start, end, false);
    this.#isMidLine = chunk[end - 1] !== LF;
  }

  /** Takes a line without its newline. */
  pushLine(line: Buffer, start: number, end: number): void {
    if (end > start) this.#give(line, start, end, false);
    this.#isMidLine = end > start;
    this.push(newline, 0, 1);
  }

  /** Nothing more will come: what is unfinished is a line. */
  end(): void {
    if (this.#isMidLine) this.#give(newline, 0, 0, true);
    this.#isMidLine = false;
  }

  #give(bytes: Buffer, start: number, end: number, endsStream: boolean): void {
    this.#take(
      { streamId: this.#streamId, startsLine: !this.#isMidLine, endsStream, atEpochMs: Date.now() },
      bytes,
      start,
      end,
    );
  }
}

function newAssembler(): LineAssembler {
  return new LineAssembler(maxShownBytes, ownBuffer);
}

/** The time from which on there are `most` lines, or more where some have the same time. */
function newestSince(times: readonly (readonly number[])[], most: number): number {
  const sorted = Float64Array.from(times.flat()).toSorted();
  return sorted[Math.max(0, sorted.length - most)] ?? Number.POSITIVE_INFINITY;
}

/** The newest of the lines, as many as may be told at once. */
function newestThatFit(lines: readonly LogLine[]): readonly LogLine[] {
  let bytes = 0;
  const first = lines.findLastIndex((line) => (bytes += sizeOf(line)) > maxAnswerBytes);
  return lines.slice(first + 1);
}
