import { type LineEnricher, maxEnrichedBytes } from "../core/output/enrich.ts";
import { LineSplitter, type OnLine, type TakeLines } from "../core/output/line-splitter.ts";
import { makeTag, type Tag } from "../core/output/tag.ts";
import { bundlePrefix } from "../protocol/bundle-frames.ts";
import type { BulkEnricher, PackedTag } from "./bulk-enricher.ts";
import { bytes, droppedLines, lines, perStream, truncatedLines } from "./counters.ts";
import type { OutputReport } from "./messages.ts";
import type { OpenProcess } from "./sources.ts";
import { ownBuffer } from "../system/libc.ts";
import type { LogTail, TailedStream } from "./log-tail.ts";
import type { Sink } from "./sink.ts";

/** Of what gone processes have left behind, how much may wait for a reader that stands still; lines beyond it are dropped. */
const maxLastWordsBytes = 4 * 1024 * 1024;

/** What the streams of all workers share. */
export interface StreamHost {
  readonly counters: Float64Array;
  readonly enricher: LineEnricher;
  /** Null where the machine has not what it takes. */
  readonly bulk: BulkEnricher | null;
  readonly report: (report: OutputReport, bytes: number) => void;
  readonly nowMs: () => number;
  readonly tail: LogTail;
  /** True when lines that find no room are to be dropped instead of waited for. */
  readonly drops: (sink: Sink) => boolean;
}

/** stdout or stderr of one process: bytes in, finished lines into pm's own stdout or stderr. */
export class WorkerStream {
  readonly sink: Sink;
  readonly partialFlushMs: number | null;
  /** Lines may be frames for the main thread. */
  readonly bundleFrames: boolean;
  /** False once its process is gone: nobody is held up by reading on, and a pipe that is kept for a reader is never freed. */
  waits: boolean;
  readonly #host: StreamHost;
  readonly #process: OpenProcess;
  readonly #stream: "stdout" | "stderr";
  /** `packed` is null when lines must be looked at one by one. */
  #madeTag: { readonly tag: Tag; readonly packed: PackedTag | null } | null = null;
  readonly #counter: number;
  readonly #splitter: LineSplitter;
  readonly #tail: TailedStream;
  #readyPattern: RegExp | null;
  readonly #onLine: OnLine = (chunk, start, end, dropped) => this.#line(chunk, start, end, dropped);
  readonly #takeLines: TakeLines = (chunk, start, end) => this.#takeMany(chunk, start, end);

  constructor(process: OpenProcess, stream: "stdout" | "stderr", waits: boolean, sink: Sink, host: StreamHost) {
    const { order, kind } = process;
    this.sink = sink;
    this.waits = waits;
    this.#host = host;
    this.partialFlushMs = kind.logs.partialFlushMs;
    this.#process = process;
    this.#stream = stream;
    this.#counter = kind.counters + (stream === "stdout" ? 0 : perStream);
    this.#splitter = new LineSplitter(kind.logs.maxLineBytes, ownBuffer);
    this.#tail = host.tail.open({ ...order, consumer: kind.consumer }, stream);
    this.bundleFrames = kind.bundleFrames;
    this.#readyPattern = kind.readyPattern === null ? null : new RegExp(kind.readyPattern);
  }

  get #tag(): { readonly tag: Tag; readonly packed: PackedTag | null } {
    return (this.#madeTag ??= this.#makeTag());
  }

  #makeTag(): { readonly tag: Tag; readonly packed: PackedTag | null } {
    const { order, kind } = this.#process;
    const { workerId, slot, pid } = order;
    const { consumer, logs } = kind;
    const tag = makeTag({
      workerId,
      consumer,
      slot,
      pid,
      stream: this.#stream,
      format: logs.format,
      fields: logs.fields,
    });
    return { tag, packed: this.bundleFrames ? null : (this.#host.bulk?.pack(tag, logs.maxLineBytes) ?? null) };
  }

  push(chunk: Buffer, size: number): void {
    this.#splitter.push(chunk, 0, size, this.#onLine, this.#tag.packed === null ? null : this.#takeLines);
  }

  /** Keeps what `push` has been given, for those who ask for the recent lines. */
  remember(chunk: Buffer, size: number): void {
    // Frames are no output, so that where there are any, lines are kept one by one.
    if (!this.bundleFrames) this.#tail.push(chunk, 0, size);
  }

  /** Nothing more will come. */
  end(): void {
    this.flushPartial();
    this.#tail.end();
  }

  /** Writes an unterminated line as it is: the process has ended, or its partial flush is due. */
  flushPartial(): void {
    this.#splitter.flush(this.#onLine);
  }

  get hasPartial(): boolean {
    return this.#splitter.hasRest;
  }

  /** Takes lines in bulk, as far as nothing about them is special. */
  #takeMany(chunk: Buffer, start: number, end: number): number {
    const { bulk, counters, nowMs } = this.#host;
    const { sink } = this;
    const { block } = sink;
    const { packed } = this.#tag;
    if (bulk === null || packed === null || this.#readyPattern !== null) return start;
    for (let from = start; ;) {
      const { fillTo } = sink;
      if (from === end || fillTo === 0 || this.#hasNoRoom() || !bulk.holds(block.bytes)) return from;
      const taken = bulk.take(packed, chunk, from, end, block, fillTo);
      if (taken === from) return from;
      counters[this.#counter + lines]! += bulk.lines;
      counters[this.#counter + bytes]! += taken - from;
      if (!sink.added(nowMs)) counters[this.#counter + droppedLines]! += bulk.lines;
      from = taken;
    }
  }

  #line(chunk: Buffer, start: number, end: number, dropped: number): void {
    if (this.bundleFrames && isBundleFrame(chunk, start, end)) {
      this.#bundleFrame(chunk, start, end, dropped);
      return;
    }
    if (this.bundleFrames) this.#tail.pushLine(chunk, start, end);
    if (this.#readyPattern !== null) this.#matchReady(chunk, start, end);

    const { counters, nowMs } = this.#host;
    const at = this.#counter;
    counters[at + lines]! += 1;
    counters[at + bytes]! += end - start + dropped + 1;
    if (dropped > 0) counters[at + truncatedLines]! += 1;

    const { sink } = this;
    if (sink.refuses(nowMs) || this.#hasNoRoom()) {
      counters[at + droppedLines]! += 1;
      return;
    }
    const { tag } = this.#tag;
    sink.reserve(maxEnrichedBytes(tag, end - start));
    this.#host.enricher.write(tag, chunk, start, end, dropped, sink.block);
    if (!sink.added(nowMs)) counters[at + droppedLines]! += 1;
  }

  #hasNoRoom(): boolean {
    const { sink } = this;
    return sink.full && (this.#host.drops(sink) || (!this.waits && sink.pendingBytes >= maxLastWordsBytes));
  }

  #bundleFrame(chunk: Buffer, start: number, end: number, dropped: number): void {
    if (dropped > 0) {
      this.#host.report({ type: "oversized", key: this.#process.order.key }, 0);
      return;
    }
    const text = chunk.toString("utf8", start + bundlePrefix.length, end);
    this.#host.report({ type: "bundle_frame", key: this.#process.order.key, text }, end - start);
  }

  #matchReady(chunk: Buffer, start: number, end: number): void {
    if (!this.#readyPattern?.test(chunk.toString("utf8", start, end))) return;
    this.#readyPattern = null;
    this.#host.report({ type: "log_ready", key: this.#process.order.key }, 0);
  }
}

const bundlePrefixBytes = Buffer.from(bundlePrefix);

function isBundleFrame(chunk: Buffer, start: number, end: number): boolean {
  return (
    chunk[start] === bundlePrefixBytes[0] &&
    end - start >= bundlePrefixBytes.length &&
    chunk.compare(bundlePrefixBytes, 0, bundlePrefixBytes.length, start, start + bundlePrefixBytes.length) === 0
  );
}
