import { LineEnricher } from "../core/output/enrich.ts";
import { LineSplitter } from "../core/output/line-splitter.ts";
import { maxFrameBytes } from "../protocol/worker-frames.ts";
import { addressOf, closeFd, EAGAIN, Epoll, EPOLLIN, ownBuffer, readInto } from "../system/libc.ts";
import type { OutputBatch, OutputReport, OutputStart, ToOutput } from "./messages.ts";
import { isSameFile, Sink } from "./sink.ts";
import { type StreamHost, WorkerStream } from "./worker-stream.ts";

/** Bytes taken from one source before the others have their turn: what a pipe holds. */
const chunkBytes = 65_536;
/** How long a pipe that a grandchild keeps open is still read after the worker itself is gone. */
const lingerMs = 2_000;
/** Reports the main thread may be behind before workers that send frames are no longer read. */
const maxBehindBytes = 4 * 1024 * 1024;
/** How long a reader must have stood still before the end of the farm no longer waits for it. */
const givenUpAfterMs = 1_000;

/** One descriptor the loop reads. */
interface Source {
  readonly id: number;
  readonly fd: number;
  readonly key: number;
  readonly kind: "stream" | "ipc" | "own_log" | "control";
  readonly stream: WorkerStream | null;
  readonly splitter: LineSplitter | null;
  readonly activity: number;
  paused: boolean;
  /** When it is closed although somebody still holds its other end; null while its process lives. */
  closeAtMs: number | null;
  /** When its unterminated line is written. */
  partialAtMs: number | null;
}

/** The descriptors of one process. */
interface Process {
  readonly sources: Source[];
}

const newline = Buffer.from("\n");

const stdoutId = -1;
const stderrId = -2;

/**
 * The output thread's life: everything workers write is read here, and pm's own stdout and stderr are written here and nowhere
 * else, so that neither a flood nor a reader that stands still can delay a restart, a signal, a probe or a scrape.
 */
export class OutputLoop {
  readonly #post: (batch: OutputBatch) => void;
  readonly #epoll = new Epoll(128);
  readonly #sources = new Map<number, Source>();
  readonly #processes = new Map<number, Process>();
  readonly #chunk = ownBuffer(chunkBytes);
  readonly #chunkAt = addressOf(this.#chunk);
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #host: StreamHost;
  readonly #activity: Float64Array;
  readonly #consumed: Float64Array;
  /** Sources with a time of their own: an unterminated line to flush, or a pipe to close. */
  readonly #timed = new Set<Source>();
  readonly #pausedBehind = new Set<Source>();
  #nextId = 0;
  #reports: OutputReport[] = [];
  #reportBytes = 0;
  #postedBytes = 0;
  #stopping = false;
  #finishing = false;
  #lostBytes = 0;

  constructor(start: OutputStart, post: (batch: OutputBatch) => void) {
    this.#post = post;
    this.#activity = new Float64Array(start.activity);
    this.#consumed = new Float64Array(start.consumed);
    this.#stderr = new Sink(2, this.#epoll, stderrId);
    this.#stdout = isSameFile(1, 2) ? this.#stderr : new Sink(1, this.#epoll, stdoutId);
    this.#host = {
      counters: new Float64Array(start.counters),
      enricher: new LineEnricher(() => new Date().toISOString()),
      report: (report, size) => this.#report(report, size),
      nowMs,
      drops: (sink) => start.onSlowSink === "drop" || (this.#stopping && sink.stalledMs(nowMs()) > givenUpAfterMs),
    };
    this.#add({ fd: start.controlFd, key: -1, kind: "control", splitter: new LineSplitter(1 << 24, ownBuffer) });
    this.#add({ fd: start.ownLogFd, key: -1, kind: "own_log", splitter: new LineSplitter(1 << 20, ownBuffer) });
  }

  /** Runs until `finish` has been said and done. */
  run(): void {
    while (!this.#finishing) this.#turn();
    this.#writeRest();
    this.#report({ type: "finished", lostBytes: this.#lostBytes }, 0);
    this.#postReports();
  }

  #turn(): void {
    const count = this.#epoll.wait(this.#timeoutMs());
    for (let index = 0; index < count; index++) {
      const id = this.#epoll.idAt(index);
      if (id === stdoutId || id === stderrId) this.#roomAgain(id === stdoutId ? this.#stdout : this.#stderr);
      else this.#readable(id);
    }
    if (this.#timed.size > 0) this.#runTimed();
    if (this.#stopping) this.#releaseStalled();
    this.#flushSinks();
    if (this.#reports.length > 0) this.#postReports();
  }

  #add(source: Pick<Source, "fd" | "key" | "kind"> & Partial<Source>): Source {
    const id = this.#nextId++;
    const whole: Source = {
      stream: null,
      splitter: null,
      activity: -1,
      paused: false,
      closeAtMs: null,
      partialAtMs: null,
      ...source,
      id,
    };
    this.#sources.set(id, whole);
    this.#epoll.add(whole.fd, EPOLLIN, id);
    return whole;
  }

  #readable(id: number): void {
    const source = this.#sources.get(id);
    if (source === undefined || source.paused) return;
    if (this.#mustWait(source)) this.#pause(source);
    else this.#readOnce(source);
  }

  /** True when what the source says has nowhere to go for now. */
  #mustWait(source: Source): boolean {
    switch (source.kind) {
      case "stream":
        return source.stream !== null && this.#streamMustWait(source.stream);
      case "own_log":
        return this.#stderr.full;
      case "ipc":
        return this.#isBehind();
      case "control":
        return false;
    }
  }

  #streamMustWait(stream: WorkerStream): boolean {
    return (stream.sink.full && !this.#host.drops(stream.sink)) || (stream.bundleFrames && this.#isBehind());
  }

  /** Takes one chunk; false when there was none (for now, or ever). */
  #readOnce(source: Source): boolean {
    const size = readInto(source.fd, this.#chunkAt, chunkBytes);
    if (size === -EAGAIN) return false;
    if (size <= 0) {
      this.#ended(source);
      return false;
    }
    if (source.activity >= 0) this.#activity[source.activity] = nowMs();
    this.#take(source, size);
    return true;
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
        source.splitter?.push(this.#chunk, 0, size, (chunk, start, end) => {
          this.#obey(JSON.parse(chunk.toString("utf8", start, end)) as ToOutput); // our own main thread wrote it
        });
        return;
    }
  }

  #ownLine(chunk: Buffer, start: number, end: number): void {
    const sink = this.#stderr;
    if (sink.dead) return;
    sink.copy(chunk, start, end);
    sink.copy(newline, 0, 1);
    sink.added(nowMs);
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
        for (const source of this.#pausedBehind) this.#unpause(source);
        this.#pausedBehind.clear();
        return;
      case "finish":
        this.#finishing = true;
        return;
    }
  }

  #open(order: Extract<ToOutput, { do: "open" }>): void {
    const { key, activity } = order;
    const stream = (fd: number, name: "stdout" | "stderr", sink: Sink): Source =>
      this.#add({ fd, key, kind: "stream", activity, stream: new WorkerStream(order, name, sink, this.#host) });
    const sources = [
      this.#add({ fd: order.ipcFd, key, kind: "ipc", activity, splitter: new LineSplitter(maxFrameBytes, ownBuffer) }),
      stream(order.stdoutFd, "stdout", this.#stdout),
      stream(order.stderrFd, "stderr", this.#stderr),
    ];
    this.#processes.set(key, { sources });
  }

  /** The process is gone: its last words are in the pipes already. A grandchild that holds one open is heard a little longer. */
  #exited(key: number): void {
    const process = this.#processes.get(key);
    this.#processes.delete(key);
    for (const source of process?.sources ?? []) {
      if (!this.#sources.has(source.id)) continue; // it had closed this stream before it ended
      source.closeAtMs = nowMs() + lingerMs;
      if (source.kind === "ipc") {
        while (this.#sources.has(source.id) && this.#readOnce(source));
        this.#forget(source);
        continue;
      }
      while (this.#sources.has(source.id) && !this.#mustWait(source) && this.#readOnce(source));
      if (this.#sources.has(source.id)) this.#timed.add(source);
    }
    this.#report({ type: "ended", key }, 0);
  }

  #ended(source: Source): void {
    source.stream?.flushPartial();
    this.#forget(source);
  }

  #forget(source: Source): void {
    if (!this.#sources.delete(source.id)) return;
    this.#timed.delete(source);
    this.#pausedBehind.delete(source);
    source.stream?.sink.paused.delete(source.id);
    if (!source.paused) this.#epoll.remove(source.fd);
    if (source.kind === "stream") closeFd(source.fd); // the control channel is the main thread's to close
  }

  #watchPartial(source: Source): void {
    const { stream } = source;
    if (stream === null || stream.partialFlushMs === null) return;
    source.partialAtMs = stream.hasPartial ? nowMs() + stream.partialFlushMs : null;
    if (source.partialAtMs !== null) this.#timed.add(source);
  }

  #runTimed(): void {
    const now = nowMs();
    for (const source of this.#timed) {
      if (source.partialAtMs !== null && now >= source.partialAtMs) {
        source.partialAtMs = null;
        source.stream?.flushPartial();
      }
      if (source.closeAtMs !== null && now >= source.closeAtMs && !source.paused) {
        // Whatever came meanwhile has been read; one that still writes is on its own.
        while (this.#sources.has(source.id) && !this.#mustWait(source) && this.#readOnce(source));
        if (this.#sources.has(source.id) && !this.#mustWait(source)) this.#ended(source);
      }
      if (source.partialAtMs === null && source.closeAtMs === null) this.#timed.delete(source);
    }
  }

  #timeoutMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const source of this.#timed) {
      if (source.partialAtMs !== null) dueMs = Math.min(dueMs, source.partialAtMs);
      if (source.closeAtMs !== null && !source.paused) dueMs = Math.min(dueMs, source.closeAtMs);
    }
    if (this.#stopping && (this.#stdout.full || this.#stderr.full)) dueMs = Math.min(dueMs, nowMs() + 100);
    return dueMs === Number.POSITIVE_INFINITY ? -1 : Math.max(0, Math.ceil(dueMs - nowMs()));
  }

  /** Removed from epoll, since an end that hung up would be reported again and again. */
  #pause(source: Source): void {
    source.paused = true;
    this.#epoll.remove(source.fd);
    if (source.kind === "ipc" || (source.stream?.bundleFrames && this.#isBehind())) this.#pausedBehind.add(source);
    else (source.stream?.sink ?? this.#stderr).paused.add(source.id);
  }

  #unpause(source: Source): void {
    if (!source.paused || !this.#sources.has(source.id)) return;
    source.paused = false;
    this.#epoll.add(source.fd, EPOLLIN, source.id);
  }

  #roomAgain(sink: Sink): void {
    sink.flush(nowMs());
    if (!sink.full) this.#releasePaused(sink);
  }

  #releasePaused(sink: Sink): void {
    for (const id of sink.paused) {
      const source = this.#sources.get(id);
      if (source !== undefined) this.#unpause(source);
    }
    sink.paused.clear();
  }

  #releaseStalled(): void {
    for (const sink of [this.#stdout, this.#stderr]) {
      if (sink.paused.size > 0 && (sink.dead || this.#host.drops(sink))) this.#releasePaused(sink);
    }
  }

  /** One write a turn; a sink that waits for its reader is left to epoll. */
  #flushSinks(): void {
    for (const sink of [this.#stdout, this.#stderr]) {
      if (sink.pendingBytes > 0 && !sink.waitsForRoom) sink.flush(nowMs());
    }
  }

  /** The end: everything that can be written is, as long as somebody reads. */
  #writeRest(): void {
    for (const source of [...this.#sources.values()]) {
      if (source.kind === "control") continue;
      while (this.#sources.has(source.id) && this.#readOnce(source)) this.#flushSinks();
      source.stream?.flushPartial();
    }
    const pending = (): Sink[] => [...new Set([this.#stdout, this.#stderr])].filter((sink) => sink.pendingBytes > 0);
    this.#flushSinks();
    for (let waiting = pending(); waiting.length > 0; waiting = pending()) {
      const leastStalledMs = Math.min(...waiting.map((sink) => sink.stalledMs(nowMs())));
      if (leastStalledMs >= givenUpAfterMs) break;
      this.#epoll.wait(Math.ceil(givenUpAfterMs - leastStalledMs));
      for (const sink of waiting) sink.flush(nowMs());
    }
    for (const sink of pending()) this.#lostBytes += sink.discard();
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

/** Milliseconds on a scale that both threads share. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
