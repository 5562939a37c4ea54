import { writeSync } from "node:fs";
import type { LogLine, LogQuery } from "../core/farm/log-lines.ts";
import { pipe } from "../system/libc.ts";
import { TurnWriter } from "../system/turn-writer.ts";
import { type LogCounter, perConsumer, readCounters } from "./counters.ts";
import { type HearLines, LineRequests } from "./line-requests.ts";
import { ReportQueue } from "./report-queue.ts";
import type {
  OutputBatch,
  OutputNotice,
  OutputReport,
  OutputStart,
  ProcessKind,
  ProcessOutput,
  ToOutput,
} from "./messages.ts";

/** A report about one process, as its listener hears it. */
export type ProcessReport = Extract<OutputReport, { key: number }>;

export type { OutputNotice };

/** Most processes at once whose last activity can be told. */
const activitySlots = 65_536;
/** Most consumers that can be counted over the life of pm. */
const maxConsumers = 16_384;
/** Of the log records of pm itself, what may wait for a stalled stderr; more are dropped and counted. */
const maxOwnLogBytes = 1024 * 1024;
const retryMs = 5;
/** How often the end looks whether its last records have gone, before it leaves them to a stderr that nobody reads. */
const finishTries = 200;

/** The main thread's end of the output thread. Nothing here ever blocks. */
export class Output {
  #worker: Worker | null = null;
  readonly #control: TurnWriter;
  readonly #ownLog: TurnWriter;
  readonly #counters = new Float64Array(new SharedArrayBuffer(8 * perConsumer * maxConsumers));
  readonly #activity = new Float64Array(new SharedArrayBuffer(8 * activitySlots));
  readonly #consumed = new Float64Array(new SharedArrayBuffer(8));
  readonly #consumers = new Map<string, number>();
  readonly #kinds = new WeakMap<ProcessKind, number>();
  /** The same by what they say: definitions that say the same are one kind, so that reloads make no more of them. */
  readonly #kindIds = new Map<string, number>();
  readonly #listeners = new Map<
    number,
    { readonly hear: (report: ProcessReport) => void; readonly activity: number }
  >();
  readonly #freeActivity: number[] = [];
  readonly #reports = new ReportQueue(
    (report) => this.#dispatch(report),
    (bytes) => this.#handled(bytes),
  );
  readonly #lines = new LineRequests((order) => this.#tell(order));
  readonly #finished = Promise.withResolvers<number>();
  readonly #start: OutputStart;
  #nextActivity = 0;
  #nextKey = 0;
  #sinceResume = 0;
  #retry: Timer | null = null;
  /** Records of pm's own log that found no room, since nobody read stderr for long. */
  #droppedRecords = 0;
  #broken = false;
  /** pm's own log is closed. */
  #finishing = false;
  #hurried = false;
  readonly #onError: (error: Error) => void;
  readonly #notice: (notice: OutputNotice) => void;

  /** `onError` hears of a bug in the thread: without it pm cannot go on. `onNotice` hears what people should know; it may call `writeOwn`. */
  constructor(
    onSlowSink: "block" | "drop",
    onError: (error: Error) => void,
    onNotice: (notice: OutputNotice) => void = () => {},
  ) {
    this.#onError = onError;
    this.#notice = onNotice;
    const control = pipe("both");
    const ownLog = pipe("both");
    this.#control = new TurnWriter(control.writeFd, Number.POSITIVE_INFINITY, () => this.#retryLater());
    this.#ownLog = new TurnWriter(ownLog.writeFd, maxOwnLogBytes, (dropped) => {
      this.#droppedRecords += dropped;
      this.#retryLater();
    });
    this.#start = {
      controlFd: control.readFd,
      ownLogFd: ownLog.readFd,
      onSlowSink,
      counters: this.#counters.buffer,
      activity: this.#activity.buffer,
      consumed: this.#consumed.buffer,
    };
  }

  /**
   * Starts the thread, once; until then all that is written waits in the pipes and all that is asked of it in its control pipe. The first
   * workers need not wait for it, and a thread that starts beside them would take the memory lock from them.
   */
  start(): void {
    if (this.#worker !== null) return;
    const worker = new Worker(outputThreadUrl());
    this.#worker = worker;
    worker.addEventListener("message", (event: MessageEvent<OutputBatch>) => this.#reports.push(event.data));
    worker.addEventListener("error", (event) => {
      this.#broken = true;
      this.#finished.resolve(0);
      this.#lines.end();
      this.#onError(new Error(`output thread: ${event.message}`));
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(this.#start);
  }

  /** Makes the counters of a consumer exist, so that they are shown as 0 from the start. */
  addConsumer(consumer: string): void {
    if (!this.#consumers.has(consumer)) this.#consumers.set(consumer, this.#consumers.size);
  }

  /** Reads a process from now on; `hear` is called until and with its `ended`. Returns the key for the calls below. */
  open(process: ProcessOutput, kind: ProcessKind, hear: (report: ProcessReport) => void): number {
    const key = this.#nextKey++;
    const activity = this.#freeActivity.pop() ?? (this.#nextActivity < activitySlots ? this.#nextActivity++ : -1);
    if (activity >= 0) this.#activity[activity] = performance.timeOrigin + performance.now();
    this.#listeners.set(key, { hear, activity });
    this.#tell({ do: "open", key, kind: this.#kinds.get(kind) ?? this.#nameKind(kind), activity, ...process });
    return key;
  }

  #nameKind(kind: ProcessKind): number {
    const text = JSON.stringify(kind);
    let id = this.#kindIds.get(text);
    if (id === undefined) {
      id = this.#kindIds.size;
      this.#kindIds.set(text, id);
      this.addConsumer(kind.consumer);
      const counters = (this.#consumers.get(kind.consumer) ?? 0) * perConsumer;
      this.#tell({ do: "kind", id, counters, ...kind });
    }
    this.#kinds.set(kind, id);
    return id;
  }

  /** The process has been reaped. */
  exited(key: number): void {
    this.#tell({ do: "exited", key });
  }

  /** When the process last wrote anything, on the monotonic clock of `performance.now()`; now while it is held up. */
  lastActivityMs(key: number): number {
    const slot = this.#activityOf(key);
    return Number.isFinite(slot) ? slot - performance.timeOrigin : performance.now();
  }

  /** True while pm does not read what the process writes, since it has nowhere to go: then its silence is not its own. */
  isHeldUp(key: number): boolean {
    return this.#activityOf(key) === Number.POSITIVE_INFINITY;
  }

  /** One record of pm's own log, its newline included, to stderr; nothing is written once `finish` has closed the log. */
  writeOwn(line: string): void {
    if (this.#broken) writeSync(2, line); // nobody else is left to say what happened
    else this.#ownLog.write(line);
  }

  counters(): LogCounter[] {
    return readCounters(this.#counters, [...this.#consumers.keys()]);
  }

  /** The worker is gone for good: its recent lines are kept until some others have gone after it. */
  forgetWorker(worker: number): void {
    this.#tell({ do: "forget_worker", worker });
  }

  /**
   * The newest lines of the workers that the query asks for, oldest first, those of ended processes too: at most `query.lines`, 10,000, and 8 MiB.
   * What a worker wrote before its last 32 to 64 KiB is not kept; less when more than 512 workers share the 32 MiB there are.
   */
  recentLines(query: LogQuery): Promise<readonly LogLine[]> {
    return this.#lines.recent(query);
  }

  /**
   * `hear` is called once with the recent lines, perhaps none, and then with all that workers write after, without a gap: so many lines, and
   * how many were lost behind them. Lines are lost when more than 1 MiB waits for `hear` (or the promise it returned), when they are more
   * than 4 MiB/s in the long run, or more than 40 MiB/s have to be looked at; nobody else is slowed down by those who follow. Returns how
   * to end it; when `hear` fails, it ends as well.
   */
  followLines(query: LogQuery, hear: HearLines): () => void {
    return this.#lines.follow(query, hear);
  }

  /** From now on a reader that stands still holds no worker up: the farm stops. */
  stopping(): void {
    this.#tell({ do: "stopping" });
  }

  /** Writes what is left, as long as somebody reads it, and ends the thread. Resolves to the bytes nobody took. */
  async finish(): Promise<number> {
    for (let tries = 0; tries < finishTries && !this.#broken && !this.#hurried && !this.#ownLog.flush(); tries++)
      await Bun.sleep(retryMs);
    this.#finishing = true;
    this.#ownLog.close();
    this.#tell({ do: "finish" });
    return this.#finished.promise;
  }

  /** `finish`, now or later, waits for no reader any more: what cannot be written at once is lost. */
  hurry(): void {
    this.#hurried = true;
    this.#tell({ do: "hurry" });
  }

  /** As it stands in the table; not a number for a process without a slot. */
  #activityOf(key: number): number {
    const { activity = -1 } = this.#listeners.get(key) ?? {};
    return this.#activity[activity] ?? Number.NaN;
  }

  #tell(order: ToOutput): void {
    this.#control.write(`${JSON.stringify(order)}\n`);
  }

  /** The pipes tell nobody when they have room again, and a full one is rare: look again in a moment. */
  #retryLater(): void {
    if (this.#retry !== null || (this.#control.idle && this.#ownLogIsDone())) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#control.flush();
      if (!this.#finishing && this.#ownLog.flush()) this.#tellDropped();
      this.#retryLater();
    }, retryMs);
  }

  #ownLogIsDone(): boolean {
    return this.#finishing || (this.#ownLog.idle && this.#droppedRecords === 0);
  }

  #tellDropped(): void {
    const count = this.#droppedRecords;
    this.#droppedRecords = 0;
    if (count > 0) this.#notice({ type: "records_dropped", count });
  }

  #handled(bytes: number): void {
    this.#consumed[0]! += bytes;
    this.#sinceResume += bytes;
    if (this.#sinceResume < 1 << 20) return;
    this.#sinceResume = 0;
    this.#tell({ do: "resume" });
  }

  #dispatch(report: OutputReport): void {
    if (report.type === "finished") {
      this.#finished.resolve(report.lostBytes);
      this.#lines.end();
      return;
    }
    if (report.type === "lines") {
      this.#lines.take(report);
      return;
    }
    if (!("key" in report)) {
      this.#notice(report);
      return;
    }
    const listener = this.#listeners.get(report.key);
    if (listener === undefined) return;
    if (report.type === "ended") {
      this.#listeners.delete(report.key);
      if (listener.activity >= 0) this.#freeActivity.push(listener.activity);
    }
    listener.hear(report);
  }
}

/** In the compiled binary the entry points lie side by side, whatever chunk this line ended up in. */
function outputThreadUrl(): string | URL {
  return Bun.isStandaloneExecutable ? "./output/thread.ts" : new URL("./thread.ts", import.meta.url);
}
