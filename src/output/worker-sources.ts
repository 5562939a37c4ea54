import { LineSplitter } from "../core/output/line-splitter.ts";
import { maxFrameBytes } from "../protocol/worker-frames.ts";
import { ownBuffer } from "../system/libc.ts";
import { Activity } from "./activity.ts";
import { nowMs } from "./clock.ts";
import type { ToOutput } from "./messages.ts";
import type { Sink } from "./sink.ts";
import type { Source, Sources } from "./sources.ts";
import { type StreamHost, WorkerStream } from "./worker-stream.ts";

type Kind = Extract<ToOutput, { do: "kind" }>;
type Open = Extract<ToOutput, { do: "open" }>;

/** What is read of the processes of workers: the control channel, stdout and stderr of each. */
export class WorkerSources {
  readonly #sources: Sources;
  readonly #sinks: { readonly stdout: Sink; readonly stderr: Sink };
  readonly #host: StreamHost;
  readonly #activity: Float64Array;
  readonly #kinds = new Map<number, Kind>();
  readonly #processes = new Map<number, readonly Source[]>();

  constructor(
    sources: Sources,
    sinks: { readonly stdout: Sink; readonly stderr: Sink },
    host: StreamHost,
    activity: Float64Array,
  ) {
    this.#sources = sources;
    this.#sinks = sinks;
    this.#host = host;
    this.#activity = activity;
  }

  /** Processes of this kind will come. */
  learn(kind: Kind): void {
    this.#kinds.set(kind.id, kind);
  }

  /** Reads a process from now on. */
  open(order: Open): void {
    const { key } = order;
    const kind = this.#kinds.get(order.kind);
    if (kind === undefined) throw new TypeError(`process ${key} is of no known kind`);
    const activity = new Activity(this.#activity, order.activity, nowMs);
    const process = { order, kind };
    const output = (fd: number, name: "stdout" | "stderr"): Source =>
      this.#sources.add({ fd, key, kind: name, activity, process });
    this.#processes.set(key, [
      this.#sources.add({
        fd: order.ipcFd,
        key,
        kind: "ipc",
        activity,
        splitter: new LineSplitter(maxFrameBytes, ownBuffer),
      }),
      ...(order.stdoutFd === null ? [] : [output(order.stdoutFd, "stdout")]),
      output(order.stderrFd, "stderr"),
    ]);
  }

  /** The process has ended: gives those of its sources that are still read. */
  *close(key: number): Iterable<Source> {
    const sources = this.#processes.get(key) ?? [];
    this.#processes.delete(key);
    for (const source of sources) if (this.#sources.has(source)) yield source;
  }

  /** Where an output goes. */
  sinkOf({ kind }: Source): Sink {
    return kind === "stdout" ? this.#sinks.stdout : this.#sinks.stderr;
  }

  /** Null for what is no output. */
  streamOf(source: Source): WorkerStream | null {
    const { kind, process, waits } = source;
    if (process === null) return null;
    const name = kind === "stdout" ? "stdout" : "stderr";
    return (source.stream ??= new WorkerStream(process, name, waits, this.sinkOf(source), this.#host));
  }
}
