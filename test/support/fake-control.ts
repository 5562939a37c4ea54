import type { Connect } from "../../src/cli/control/connect.ts";
import type { Streams } from "../../src/cli/control/streams.ts";
import type { ConsumerStatus, FarmStatus, WorkerStatus } from "../../src/protocol/control-api.ts";
import type { ControlAnswer } from "../../src/surface/control/client.ts";

/** A running pm that is none: it answers as it was told to, and remembers what it was asked. */
export class FakeControl {
  readonly asked: { readonly path: string; readonly body?: unknown }[] = [];
  /** By path, without the query. An array is answered one after the other, its last member again and again. */
  answers: Readonly<Record<string, ControlAnswer | readonly ControlAnswer[] | Promise<ControlAnswer>>> = {};
  /** What a stream says before it ends; a path that is not here is refused. */
  streams: Readonly<Record<string, readonly unknown[]>> = {};
  /** Streams go on until they are aborted. */
  endless = false;
  readonly #counts = new Map<string, number>();

  readonly connect: Connect = () =>
    Promise.resolve({
      ok: true,
      client: {
        get: (path) => this.#answer(path),
        post: (path, body) => this.#answer(path, body),
        lines: async (path, hear, signal) => {
          this.asked.push({ path });
          const documents = this.streams[path.split("?")[0] ?? ""];
          if (documents === undefined) return notFound;
          for (const document of documents) hear(document);
          if (!this.endless) return "ended";
          if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
          return "aborted";
        },
        exchange: () => {
          throw new Error("tasks go to a real control server: test/surface/control/control-server.ts");
        },
      },
    });

  async #answer(path: string, body?: unknown): Promise<ControlAnswer> {
    this.asked.push(body === undefined ? { path } : { path, body });
    const found = await this.answers[path.split("?")[0] ?? ""];
    if (found === undefined) return notFound;
    if ("status" in found) return found;
    const count = this.#counts.get(path) ?? 0;
    this.#counts.set(path, count + 1);
    return found[Math.min(count, found.length - 1)] ?? notFound;
  }
}

const notFound: ControlAnswer = {
  status: 404,
  body: { error: { code: "not_found", message: "there is no such thing" } },
};

/** Streams that keep what is written, and an end of it by hand. */
export class FakeStreams implements Streams {
  stdout = "";
  stderr = "";
  terminal = false;
  colour = false;
  /** How often stdout is read before its reader goes away. */
  readers = Number.POSITIVE_INFINITY;
  readonly controller = new AbortController();
  readonly out = (text: string): boolean => {
    this.stdout += text;
    return --this.readers > 0;
  };
  readonly err = (text: string): void => {
    this.stderr += text;
  };
  readonly size = (): { columns: number; rows: number } => ({ columns: 80, rows: 10 });
  readonly interrupt = (): AbortSignal => this.controller.signal;
}

export function workerStatus(changes: Partial<WorkerStatus> = {}): WorkerStatus {
  return {
    worker: 1,
    slot: 0,
    state: "ready",
    paused: false,
    pid: 101,
    started_at: "2026-11-22T10:00:00.000Z",
    uptime_seconds: 100,
    restarts: 0,
    failures: 0,
    failure_limit: 3,
    failure_window_seconds: 60,
    next_start_at: null,
    next_start_in_seconds: null,
    last_exit: null,
    busy: 0,
    slots: 1,
    in_flight: {},
    rss_bytes: 33_554_432,
    cpu_seconds: 1.2,
    ...changes,
  };
}

/** Its process has never been started. */
export const neverStarted = { pid: null, started_at: null, uptime_seconds: null, rss_bytes: null, cpu_seconds: null };

export function consumerStatus(changes: Partial<ConsumerStatus> = {}): ConsumerStatus {
  return {
    consumer: "async",
    transports: ["async"],
    state: "running",
    why: null,
    origin: "file",
    problem: null,
    min: 1,
    max: 1,
    target: 1,
    desired: null,
    allocated: null,
    sized_by: "file",
    ready: 1,
    busy: 0,
    queue_depth: null,
    tasks: null,
    messages_total: 0,
    workers: [workerStatus()],
    ...changes,
  };
}

/** As of 2026-11-22T10:01:40Z. */
export function farmStatus(changes: Partial<FarmStatus> = {}): FarmStatus {
  return {
    api: "v1",
    version: "1.2.3",
    pid: 100,
    file: "/srv/pm.yaml",
    started_at: "2026-11-22T10:00:00.000Z",
    uptime_seconds: 100,
    phase: "running",
    total_cap: null,
    http: null,
    rss_bytes: null,
    cpu_seconds: null,
    last_reload: null,
    source: null,
    cluster: null,
    consumers: [consumerStatus()],
    ...changes,
  };
}
