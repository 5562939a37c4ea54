import { LineEnricher } from "../core/output/enrich.ts";
import { LineSplitter } from "../core/output/line-splitter.ts";
import { maxFrameBytes } from "../protocol/worker-frames.ts";
import { addressOf, EAGAIN, Epoll, ownBuffer, readInto } from "../system/libc.ts";
import type { OutputBatch, OutputReport, OutputStart, ToOutput } from "./messages.ts";
import { isSameFile, Sink } from "./sink.ts";
import { type Source, Sources } from "./sources.ts";
import { type StreamHost, WorkerStream } from "./worker-stream.ts";

/** Bytes taken from one source before the others have their turn: what a pipe holds. */
const chunkBytes = 65_536;
/** How long a pipe that a grandchild keeps open is still read after the worker itself is gone. */
const lingerMs = 2_000;
/** Reports the main thread may be behind before workers that send frames are no longer read. */
const maxBehindBytes = 4 * 1024 * 1024;
/** How long a reader must have stood still before the end of the farm no longer waits for it. */
const givenUpAfterMs = 1_000;
/** Longest order of the main thread, and longest record of pm's own log. */
const maxOrderBytes = 1 << 24;
const maxRecordBytes = 1 << 20;

const stdoutId = -1;
const stderrId = -2;
const newline = Buffer.from("\n");

/**
 * The output thread's life: everything workers write is read here, and pm's own stdout and stderr are written here and nowhere
 * else, so that neither a flood nor a reader that stands still can delay a restart, a signal, a probe or a scrape.
 */
export class OutputLoop {
  readonly #post: (batch: OutputBatch) => void;
  readonly #epoll = new Epoll(128);
  readonly #sources = new Sources(this.#epoll);
  readonly #processes = new Map<number, readonly Source[]>();
  readonly #chunk = ownBuffer(chunkBytes);
  readonly #chunkAt = addressOf(this.#chunk);
  readonly #sinks: readonly Sink[];
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #host: StreamHost;
  readonly #activity: Float64Array;
  readonly #consumed: Float64Array;
  /** Sources that wait until the main thread has caught up with the reports. */
  readonly #behind = new Set<Source>();
  #reports: OutputReport[] = [];
  #reportBytes = 0;
  #postedBytes = 0;
  #stopping = false;
  #finishing = false;

  constructor(start: OutputStart, post: (batch: OutputBatch) => void) {
    this.#post = post;
    this.#activity = new Float64Array(start.activity);
    this.#consumed = new Float64Array(start.consumed);
    this.#stderr = new Sink(2, this.#epoll, stderrId);
    this.#stdout = isSameFile(1, 2) ? this.#stderr : new Sink(1, this.#epoll, stdoutId);
    this.#sinks = [...new Set([this.#stdout, this.#stderr])];
    this.#host = {
      counters: new Float64Array(start.counters),
      enricher: new LineEnricher(() => new Date().toISOString()),
      report: (report, size) => this.#report(report, size),
      nowMs,
      drops: (sink) => start.onSlowSink === "drop" || (this.#stopping && sink.stalledMs(nowMs()) > givenUpAfterMs),
    };
    this.#sources.add({ fd: start.controlFd, key: -1, kind: "control", splitter: splitter(maxOrderBytes) });
    this.#sources.add({ fd: start.ownLogFd, key: -1, kind: "own_log", splitter: splitter(maxRecordBytes) });
  }

  /** Runs until `finish` has been said and done. */
  run(): void {
    while (!this.#finishing) this.#turn();
    const lostBytes = this.#writeRest();
    this.#report({ type: "finished", lostBytes }, 0);
    this.#postReports();
  }

  #turn(): void {
    const count = this.#epoll.wait(this.#timeoutMs());
    for (let index = 0; index < count; index++) {
      const id = this.#epoll.idAt(index);
      if (id === stdoutId || id === stderrId) (id === stdoutId ? this.#stdout : this.#stderr).flush(nowMs());
      else this.#readable(this.#sources.get(id));
    }
    if (this.#sources.timed.size > 0) this.#runTimed();
    this.#flushSinks();
    if (this.#reports.length > 0) this.#postReports();
  }

  #timeoutMs(): number {
    let dueMs = this.#sources.nextDueMs();
    // A reader may turn out to stand still at any time; only at the end does that change what is done.
    if (this.#stopping && this.#sinks.some((sink) => sink.full)) dueMs = Math.min(dueMs, nowMs() + givenUpAfterMs / 10);
    return dueMs === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(dueMs - nowMs()));
  }

  #readable(source: Source | undefined): void {
    if (source === undefined || source.pausedIn !== null) return;
    const waiting = this.#mustWaitIn(source);
    if (waiting === null) this.#readOnce(source);
    else this.#sources.pause(source, waiting);
  }

  /** Where the source must wait, since what it says has nowhere to go for now; null when it may be read. */
  #mustWaitIn({ kind, stream }: Source): Set<Source> | null {
    if ((kind === "ipc" || stream?.bundleFrames === true) && this.#isBehind()) return this.#behind;
    if (kind === "own_log") return this.#stderr.full ? this.#stderr.paused : null;
    return stream !== null && stream.sink.full && !this.#host.drops(stream.sink) ? stream.sink.paused : null;
  }

  /** Takes one chunk; false when there was none (for now, or ever). */
  #readOnce(source: Source): boolean {
    const size = readInto(source.fd, this.#chunkAt, chunkBytes);
    if (size === -EAGAIN) return false;
    if (size <= 0) {
      this.#end(source);
      return false;
    }
    if (source.activity >= 0) this.#activity[source.activity] = nowMs();
    this.#take(source, size);
    return true;
  }

  /** Reads all there is, as long as it has somewhere to go. */
  #readAll(source: Source): void {
    while (this.#sources.has(source) && this.#mustWaitIn(source) === null && this.#readOnce(source));
  }

  #take(source: Source, size: number): void {
    switch (source.kind) {
      case "stream":
        source.stream?.push(this.#chunk, size);
        this.#watchPartial(source);
        return;
      case "ipc":
        source.splitter?.push(this.#chunk, 0, size, (chunk, start, end, dropped) => {
          if (dropped > 0) this.#report({ type: "oversized", key: source.key }, 0);
          else if (end > start) {
            this.#report({ type: "frame", key: source.key, line: chunk.toString("utf8", start, end) }, end - start);
          }
        });
        return;
      case "own_log":
        source.splitter?.push(this.#chunk, 0, size, (chunk, start, end) => this.#ownLine(chunk, start, end));
        return;
      case "control":
        this.#takeOrders(source, size);
        return;
    }
  }

  /** All orders are taken out of the chunk before the first is obeyed, since obeying may read into it. */
  #takeOrders(source: Source, size: number): void {
    const orders: ToOutput[] = [];
    source.splitter?.push(this.#chunk, 0, size, (chunk, start, end) => {
      orders.push(JSON.parse(chunk.toString("utf8", start, end))); // our own main thread wrote it
    });
    for (const order of orders) this.#obey(order);
  }

  #ownLine(chunk: Buffer, start: number, end: number): void {
    if (this.#stderr.dead) return;
    this.#stderr.copy(chunk, start, end);
    this.#stderr.copy(newline, 0, 1);
    this.#stderr.added(nowMs);
  }

  #obey(order: ToOutput): void {
    switch (order.do) {
      case "open":
        this.#open(order);
        return;
      case "exited":
        this.#exited(order.key);
        return;
      case "stopping":
        this.#stopping = true;
        return;
      case "resume":
        this.#sources.resume(this.#behind);
        return;
      case "finish":
        this.#finishing = true;
        return;
    }
  }

  #open(order: Extract<ToOutput, { do: "open" }>): void {
    const { key, activity } = order;
    const stream = (fd: number, name: "stdout" | "stderr", sink: Sink): Source =>
      this.#sources.add({ fd, key, kind: "stream", activity, stream: new WorkerStream(order, name, sink, this.#host) });
    this.#processes.set(key, [
      this.#sources.add({ fd: order.ipcFd, key, kind: "ipc", activity, splitter: splitter(maxFrameBytes) }),
      stream(order.stdoutFd, "stdout", this.#stdout),
      stream(order.stderrFd, "stderr", this.#stderr),
    ]);
  }

  /** The process is gone: its last words are in the pipes already. A grandchild that holds one open is heard a little longer. */
  #exited(key: number): void {
    const sources = this.#processes.get(key) ?? [];
    this.#processes.delete(key);
    for (const source of sources) {
      if (source.kind === "ipc") {
        while (this.#sources.has(source) && this.#readOnce(source)); // bounded by what a socket holds
        this.#sources.forget(source);
        continue;
      }
      this.#readAll(source);
      if (!this.#sources.has(source)) continue;
      source.closeAtMs = nowMs() + lingerMs;
      this.#sources.timed.add(source);
    }
    this.#report({ type: "ended", key }, 0);
  }

  #end(source: Source): void {
    source.stream?.flushPartial();
    this.#sources.forget(source);
  }

  #watchPartial(source: Source): void {
    const { stream } = source;
    if (stream === null || stream.partialFlushMs === null) return;
    source.partialAtMs = stream.hasPartial ? nowMs() + stream.partialFlushMs : null;
    if (source.partialAtMs !== null) this.#sources.timed.add(source);
  }

  #runTimed(): void {
    const now = nowMs();
    for (const source of this.#sources.timed) {
      if (source.partialAtMs !== null && now >= source.partialAtMs) {
        source.partialAtMs = null;
        source.stream?.flushPartial();
      }
      if (source.closeAtMs !== null && now >= source.closeAtMs && source.pausedIn === null) {
        this.#readAll(source);
        // Whoever still holds the other end is on its own from here.
        if (this.#sources.has(source) && this.#mustWaitIn(source) === null) this.#end(source);
      }
      if (source.partialAtMs === null && source.closeAtMs === null) this.#sources.timed.delete(source);
    }
  }

  /** One write a turn; a sink that waits for its reader is left to epoll. Who waited for room is read again where there is some. */
  #flushSinks(): void {
    for (const sink of this.#sinks) {
      if (sink.pendingBytes > 0 && !sink.waitsForRoom) sink.flush(nowMs());
      if (sink.paused.size > 0 && (!sink.full || this.#host.drops(sink))) this.#sources.resume(sink.paused);
    }
  }

  /** The end: everything that can be written is, as long as somebody reads. Returns the bytes that nobody took. */
  #writeRest(): number {
    for (const source of this.#sources.all()) {
      if (source.kind === "control") continue;
      while (this.#sources.has(source) && this.#readOnce(source)) this.#flushSinks();
      source.stream?.flushPartial();
    }
    this.#flushSinks();
    for (;;) {
      const waiting = this.#sinks.filter((sink) => sink.pendingBytes > 0);
      if (waiting.length === 0) return 0;
      const stalledMs = Math.min(...waiting.map((sink) => sink.stalledMs(nowMs())));
      if (stalledMs >= givenUpAfterMs) return waiting.reduce((lost, sink) => lost + sink.discard(), 0);
      this.#epoll.wait(Math.ceil(givenUpAfterMs - stalledMs));
      for (const sink of waiting) sink.flush(nowMs());
    }
  }

  #isBehind(): boolean {
    return this.#postedBytes + this.#reportBytes - (this.#consumed[0] ?? 0) > maxBehindBytes;
  }

  #report(report: OutputReport, bytes: number): void {
    this.#reports.push(report);
    this.#reportBytes += bytes + 64;
  }

  #postReports(): void {
    this.#postedBytes += this.#reportBytes;
    this.#post({ reports: this.#reports, bytes: this.#reportBytes });
    this.#reports = [];
    this.#reportBytes = 0;
  }
}

function splitter(maxLineBytes: number): LineSplitter {
  return new LineSplitter(maxLineBytes, ownBuffer);
}

/** Milliseconds on a scale that both threads share. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
