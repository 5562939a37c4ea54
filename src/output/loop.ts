import { LineEnricher } from "../core/output/enrich.ts";
import { LineSplitter } from "../core/output/line-splitter.ts";
import { addressOf, EAGAIN, Epoll, ownBuffer, readInto, sleepUs } from "../system/libc.ts";
import { compileLittle } from "../system/jit.ts";
import { BulkEnricher } from "./bulk-enricher.ts";
import { isoNow, nowMs } from "./clock.ts";
import type { OutputBatch, OutputStart, ToOutput } from "./messages.ts";
import { LogTail } from "./log-tail.ts";
import { OwnLog } from "./own-log.ts";
import { Pace } from "./pace.ts";
import { PipeRoom } from "./pipe-room.ts";
import { Reports } from "./reports.ts";
import { isSameFile, Sink, sinkBytes } from "./sink.ts";
import { isOutput, type Source, Sources } from "./sources.ts";
import { WorkerSources } from "./worker-sources.ts";
import type { StreamHost } from "./worker-stream.ts";
import { givenUpAfterMs, writeRest } from "./write-rest.ts";

/** Bytes taken from one source before the others have their turn: half of what a roomy pipe holds, so that its writer writes on meanwhile. */
const chunkBytes = 128 * 1024;
/** Bytes taken from one source at its end: the most that its pipe or socket can hold, for somebody may go on writing into it. */
const maxRestBytes = 1024 * 1024;
/** How long a pipe that a grandchild keeps open is still read after the worker itself is gone. */
const lingerMs = 2_000;
/** How long the end may take to write what is left, however slowly somebody reads it. */
const endsAfterMs = 5_000;
/** Longest order of the main thread, and longest record of pm's own log. */
const maxOrderBytes = 1 << 24;
const maxRecordBytes = 1 << 20;

const stdoutId = -1;
const stderrId = -2;

/**
 * The output thread's life: everything workers write is read here, and pm's own stdout and stderr are written here and nowhere
 * else, so that neither a flood nor a reader that stands still can delay a restart, a signal, a probe or a scrape.
 */
export class OutputLoop {
  readonly #reports: Reports;
  readonly #epoll = new Epoll(128);
  readonly #sources = new Sources(this.#epoll);
  readonly #workers: WorkerSources;
  readonly #chunk: Buffer;
  readonly #chunkAt: number;
  readonly #sinks: readonly Sink[];
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #host: StreamHost;
  readonly #control: Source;
  readonly #ownLog: OwnLog;
  /** Sources that wait until the main thread has caught up with the reports. */
  readonly #behind = new Set<Source>();
  readonly #pace = new Pace();
  readonly #room = new PipeRoom();
  /** Only one has something to say in this turn: its lines need not wait for those of others. */
  #isAlone = false;
  #stopping = false;
  #finishing = false;
  /** When nothing is written any more. */
  #endMs = Number.POSITIVE_INFINITY;

  constructor(start: OutputStart, post: (batch: OutputBatch) => void) {
    this.#reports = new Reports(post, new Float64Array(start.consumed));
    const bulk = BulkEnricher.open(chunkBytes + 2 * sinkBytes, isoNow);
    const memory = (bytes: number): Buffer => bulk?.allocate(bytes) ?? ownBuffer(bytes);
    this.#chunk = memory(chunkBytes);
    this.#chunkAt = addressOf(this.#chunk);
    const open = (fd: number, id: number, stream: "stdout" | "stderr"): Sink =>
      new Sink(fd, this.#epoll, id, (type, code) => this.#reports.add({ type, stream, code }, 0), memory(sinkBytes));
    this.#stderr = open(2, stderrId, "stderr");
    this.#stdout = isSameFile(1, 2) ? this.#stderr : open(1, stdoutId, "stdout");
    this.#sinks = [...new Set([this.#stdout, this.#stderr])];
    this.#host = {
      counters: new Float64Array(start.counters),
      enricher: new LineEnricher(isoNow),
      bulk,
      report: (report, size) => this.#reports.add(report, size),
      nowMs,
      tail: new LogTail((report) => this.#reports.add(report, 0)),
      drops: (sink) => start.onSlowSink === "drop" || (this.#stopping && sink.stalledMs(nowMs()) > givenUpAfterMs),
    };
    const sinks = { stdout: this.#stdout, stderr: this.#stderr };
    this.#workers = new WorkerSources(this.#sources, sinks, this.#host, new Float64Array(start.activity));
    this.#control = this.#sources.add({
      fd: start.controlFd,
      key: -1,
      kind: "control",
      splitter: splitter(maxOrderBytes),
    });
    this.#sources.add({ fd: start.ownLogFd, key: -1, kind: "own_log" });
    this.#ownLog = new OwnLog(splitter(maxRecordBytes), this.#stderr, nowMs, (count) =>
      this.#reports.add({ type: "records_dropped", count }, 0),
    );
  }

  /** Runs until `finish` has been said and done. */
  run(): void {
    while (!this.#finishing) this.#turn();
    this.#endMs = Math.min(this.#endMs, nowMs() + endsAfterMs);
    for (const source of this.#sources.all()) if (source !== this.#control) this.#finish(source);
    const lostBytes = writeRest(this.#sinks, this.#epoll, {
      nowMs,
      endMs: () => this.#endMs,
      listen: () => void this.#readOnce(this.#control),
    });
    this.#host.tail.report(true);
    this.#reports.add({ type: "finished", lostBytes }, 0);
    this.#reports.post();
  }

  #turn(): void {
    const count = this.#epoll.wait(this.#timeoutMs());
    this.#isAlone = count === 1;
    for (let index = 0; index < count; index++) {
      const id = this.#epoll.idAt(index);
      if (id === stdoutId || id === stderrId) (id === stdoutId ? this.#stdout : this.#stderr).flush(nowMs());
      else this.#readable(this.#sources.get(id));
    }
    if (this.#sources.timed.size > 0) this.#runTimed();
    this.#flushSinks();
    this.#host.tail.report(false);
    this.#reports.post();
    const restUs = this.#pace.restUs(nowMs());
    if (restUs > 0) sleepUs(restUs);
    this.#pace.begin(nowMs());
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
  #mustWaitIn(source: Source): Set<Source> | null {
    const { kind, process, waits } = source;
    if ((kind === "ipc" || process?.kind.bundleFrames === true) && this.#reports.behind) return this.#behind;
    if (kind === "own_log") return this.#stderr.full ? this.#stderr.paused : null;
    if (!isOutput(source)) return null;
    const sink = this.#workers.sinkOf(source);
    return waits && sink.full && !this.#host.drops(sink) ? sink.paused : null;
  }

  /** Takes one chunk; false when there was none (for now, or ever). */
  #readOnce(source: Source): boolean {
    const size = readInto(source.fd, this.#chunkAt, chunkBytes);
    if (size === -EAGAIN) return false;
    if (size <= 0) {
      this.#end(source);
      return false;
    }
    source.activity?.heard();
    this.#pace.heard(size);
    if (isOutput(source)) this.#room.heard(source.fd, size);
    this.#take(source, size);
    return true;
  }

  /** Reads what is there already, wherever it is to go: nobody waits any more who could be held up instead. */
  #readRest(source: Source): void {
    source.waits = false;
    if (source.stream !== null) source.stream.waits = false;
    for (let bytes = 0; bytes < maxRestBytes && this.#readOnce(source); bytes += chunkBytes) this.#flushSinks();
  }

  #finish(source: Source): void {
    this.#readRest(source);
    this.#end(source);
  }

  #take(source: Source, size: number): void {
    switch (source.kind) {
      case "stdout":
      case "stderr":
        this.#takeOutput(source, size);
        return;
      case "ipc":
        source.splitter?.push(this.#chunk, 0, size, (chunk, start, end, dropped) => {
          if (dropped > 0) this.#reports.add({ type: "oversized", key: source.key }, 0);
          else if (end > start) {
            this.#reports.add(
              { type: "frame", key: source.key, line: chunk.toString("utf8", start, end) },
              end - start,
            );
          }
        });
        return;
      case "own_log":
        this.#ownLog.push(this.#chunk, size);
        return;
      case "control":
        this.#takeOrders(source, size);
        return;
    }
  }

  #takeOutput(source: Source, size: number): void {
    const stream = this.#workers.streamOf(source);
    stream?.push(this.#chunk, size);
    if (this.#isAlone) this.#flushSinks();
    stream?.remember(this.#chunk, size);
    this.#watchPartial(source);
  }

  /** All orders are taken out of the chunk before the first is obeyed, since obeying may read into it. */
  #takeOrders(source: Source, size: number): void {
    const orders: ToOutput[] = [];
    source.splitter?.push(this.#chunk, 0, size, (chunk, start, end) => {
      orders.push(JSON.parse(chunk.toString("utf8", start, end))); // our own main thread wrote it
    });
    for (const order of orders) this.#obey(order);
  }

  #obey(order: ToOutput): void {
    switch (order.do) {
      case "kind":
        this.#workers.learn(order);
        return;
      case "open":
        this.#workers.open(order);
        return;
      case "exited":
        this.#exited(order.key);
        return;
      case "forget_worker":
      case "lines":
      case "lines_heard":
      case "lines_unfollow":
        this.#host.tail.obey(order);
        return;
      case "stopping":
        this.#stopping = true;
        compileLittle();
        return;
      case "resume":
        this.#sources.resumeAll(this.#behind);
        return;
      case "finish":
        this.#finishing = true;
        return;
      case "hurry":
        this.#endMs = 0;
        return;
    }
  }

  /** The process is gone: its last words are in the pipes already. A grandchild that holds one open is heard a little longer. */
  #exited(key: number): void {
    for (const source of this.#workers.close(key)) {
      if (source.kind === "ipc") this.#finish(source);
      else this.#readRest(source);
      if (!this.#sources.has(source)) continue;
      this.#workers.streamOf(source); // now, for its worker may be forgotten before it says something
      this.#sources.resume(source);
      source.activity = null;
      source.closeAtMs = nowMs() + lingerMs;
      this.#sources.timed.add(source);
    }
    this.#reports.add({ type: "ended", key }, 0);
  }

  #end(source: Source): void {
    source.stream?.end();
    this.#room.forget(source.fd);
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
      // Whoever still holds the other end is on its own from here.
      if (source.closeAtMs !== null && now >= source.closeAtMs) this.#finish(source);
      if (source.partialAtMs === null && source.closeAtMs === null) this.#sources.timed.delete(source);
    }
  }

  /** One write a turn; a sink that waits for its reader is left to epoll. Who waited for room is read again where there is some. */
  #flushSinks(): void {
    for (const sink of this.#sinks) {
      if (sink.pendingBytes > 0 && !sink.waitsForRoom) sink.flush(nowMs());
      if (sink.paused.size > 0 && (!sink.full || this.#host.drops(sink))) this.#sources.resumeAll(sink.paused);
    }
  }
}

function splitter(maxLineBytes: number): LineSplitter {
  return new LineSplitter(maxLineBytes, ownBuffer);
}
