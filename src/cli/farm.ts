import { randomUUID } from "node:crypto";
import { isatty } from "node:tty";
import type { PmEvent } from "../core/farm/events.ts";
import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import type { FarmSpec } from "../core/farm/spec.ts";
import { judgeHost } from "../core/scaling/host-shortage.ts";
import { Output, type OutputNotice } from "../output/output.ts";
import { type ChildContext, spawnChild } from "../runtime/child-process.ts";
import { EventBus } from "../runtime/event-bus.ts";
import { Guardian } from "../runtime/guardian.ts";
import { runIdVariable } from "../runtime/guardian-process.ts";
import { openConsumerSources } from "../runtime/consumer-sources.ts";
import type { SignalOrders } from "../runtime/signals.ts";
import { Supervisor } from "../runtime/supervisor.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { createEventLog } from "../surface/event-log.ts";
import { type HttpServer, startHttp } from "../surface/http.ts";
import type { Metrics } from "../surface/metrics.ts";
import { heedChildren } from "../system/libc.ts";
import { readProcesses } from "../system/proc-stat.ts";
import { exitCodes } from "./outcome.ts";
import { readHost } from "../system/host-reading.ts";
import { version } from "./version.ts";

/** After a bug, how long beyond the usual the farm may take to stop. */
const bugGraceMs = 5_000;

/** The parts of a running farm, put together. */
export class Farm {
  readonly #spec: FarmSpec;
  readonly #warnings: readonly string[];
  readonly #bus = new EventBus();
  readonly #output: Output;
  readonly #guardian: Guardian;
  readonly #supervisor: Supervisor;
  readonly #done = Promise.withResolvers<number>();
  #metrics: Promise<Metrics> | null = null;
  #buggy = false;
  /** pm ends although workers may still be alive. */
  #forsaken = false;

  /** `warnings` are problems of the file that do not keep it from running, a line each. */
  constructor(spec: FarmSpec, warnings: readonly string[]) {
    heedChildren();
    this.#spec = spec;
    this.#warnings = warnings;
    const runId = randomUUID();
    this.#guardian = new Guardian(runId, (why) =>
      this.#warn("Guardian is missing and is started again.", { error: why }),
    );
    this.#output = new Output(
      spec.onSlowSink,
      (error) => this.#bug(error),
      (notice) => this.#outputNotice(notice),
    );
    for (const { name } of spec.consumers) this.#output.addConsumer(name);
    const context: ChildContext = {
      output: this.#output,
      guardian: this.#guardian,
      env: { ...environment(), [runIdVariable]: runId },
    };
    this.#supervisor = new Supervisor(
      spec,
      {
        clock: systemClock,
        random: Math.random,
        spawn: (request, hear) => spawnChild(request, hear, context),
        memoryBytes: (pid) => readProcesses([pid]).get(pid)?.rssBytes ?? null,
        emit: (event) => this.#bus.emit(event),
      },
      {
        openSources: (consumer) => openConsumerSources(consumer, { ...context.env, ...consumer.env }),
        shortages: () => (spec.hostBrake ? judgeHost(readHost()) : []),
      },
      this.#done.resolve,
    );
  }

  /** Runs until the farm ends and resolves to pm's exit code; a string is the one line to say when it could not begin. */
  async run(signals: { obey(orders: SignalOrders): void }): Promise<number | string> {
    const http = await this.#startHttp();
    if (typeof http === "string") return http;
    await this.#startLog();
    this.#bus.listen(({ type }) => {
      if (type === "shutting_down") this.#output.stopping();
    });
    process.on("uncaughtException", (error) => this.#bug(error));
    process.on("unhandledRejection", (error) => this.#bug(error));
    try {
      this.#begin(http, signals);
    } catch (error) {
      this.#bug(error);
    }
    const exitCode = await this.#done.promise;
    await http?.stop();
    this.#bus.emit({ type: "farm_stopped", exitCode });
    await this.#output.finish();
    if (!this.#forsaken) await this.#guardian.release();
    return exitCode;
  }

  #begin(http: HttpServer | null, signals: { obey(orders: SignalOrders): void }): void {
    for (const message of this.#warnings) this.#warn(message);
    this.#guardian.start();
    if (http !== null) this.#bus.emit({ type: "http_listening", address: http.address });
    this.#supervisor.start();
    this.#metrics ??= this.#loadMetrics();
    signals.obey({
      stop: (signal) => this.#supervisor.shutdown("signal", exitCodes.done, signal),
      kill: () => {
        this.#output.hurry();
        this.#supervisor.kill();
      },
      reload: () => this.#warn("SIGHUP ignored: this version cannot reload; restart pm to apply a changed pm.yaml."),
    });
  }

  /** Hears every event from now on. */
  listen(listener: (event: PmEvent) => void): void {
    this.#bus.listen(listener);
  }

  /** Text for people, its newline included, to stderr among pm's own records. */
  say(text: string): void {
    this.#output.writeOwn(text);
  }

  async #startHttp(): Promise<HttpServer | null | string> {
    if (this.#spec.http === null) return null;
    const started = await startHttp({
      ...this.#spec.http,
      snapshot: (): FarmSnapshot => this.#supervisor.snapshot(),
      metricsPage: async () => (await (this.#metrics ??= this.#loadMetrics())).page(),
    });
    return started.ok ? started.server : started.message;
  }

  async #startLog(): Promise<void> {
    const terminal = isatty(2);
    const log = await createEventLog({
      write: (line) => this.#output.writeOwn(line),
      terminal,
      colour: terminal && !process.env["NO_COLOR"],
      now: () => new Date(),
      level: "info",
    });
    this.#bus.listen((event) => log.record(event));
  }

  /** Loaded while the first workers start: they need not wait for it. */
  async #loadMetrics(): Promise<Metrics> {
    const { createMetrics } = await import("../surface/metrics.ts");
    const metrics = createMetrics({
      consumers: this.#spec.consumers,
      messageMetrics: this.#spec.messageMetrics,
      snapshot: () => this.#supervisor.snapshot(),
      logCounters: () => this.#output.counters(),
      processInfo: readProcesses,
      version,
      bunVersion: Bun.version,
    });
    this.#bus.listenFromStart((event: PmEvent) => metrics.record(event));
    return metrics;
  }

  #warn(message: string, context: Readonly<Record<string, unknown>> = {}): void {
    this.#bus.emit({ type: "notice", level: "warning", message, context });
  }

  #outputNotice(notice: OutputNotice): void {
    switch (notice.type) {
      case "sink_failed":
        this.#warn("Writing output failed; lines are dropped until it works again.", {
          stream: notice.stream,
          error: notice.code,
        });
        return;
      case "sink_recovered":
        this.#warn("Writing output works again.", { stream: notice.stream });
        return;
      case "records_dropped":
        this.#warn("Log records of pm were dropped, since nobody read them.", { records: notice.count });
        return;
    }
  }

  /**
   * A bug of pm: say so, stop the workers in order, end with the code that says it. Where not even that works, pm ends without
   * taking leave of its guardian, which then kills what is left.
   */
  #bug(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#bus.emit({
      type: "notice",
      level: "error",
      message: "Internal error: this is a bug of pm; please report it.",
      context: { error: text, version },
    });
    const forsake = (): void => {
      this.#forsaken = true;
      this.#done.resolve(exitCodes.bug);
    };
    if (this.#buggy) {
      forsake();
      return;
    }
    this.#buggy = true;
    const deadlinesMs = this.#spec.consumers.map(({ stopTimeoutMs }) => stopTimeoutMs);
    if (!deadlinesMs.includes(0)) setTimeout(forsake, Math.max(...deadlinesMs) + bugGraceMs);
    try {
      this.#supervisor.shutdown("internal_error", exitCodes.bug, null);
    } catch {
      forsake(); // what was said above is all there is to say
    }
  }
}

function environment(): Record<string, string> {
  const defined = Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return Object.fromEntries(defined);
}
