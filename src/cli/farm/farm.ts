import { isatty } from "node:tty";
import type { PmEvent } from "../../core/farm/events.ts";
import type { FarmSpec } from "../../core/farm/spec.ts";
import type { OutputNotice } from "../../output/output.ts";
import type { FarmFile, LoadFarmFile } from "../../runtime/definitions.ts";
import type { SignalOrders } from "../../runtime/signals.ts";
import { createEventLog } from "../../surface/event-log.ts";
import { type HttpServer, startHttp } from "../../surface/http.ts";
import type { ControlServer } from "../../surface/control/server.ts";
import type { Metrics } from "../../surface/metrics.ts";
import { heedChildren } from "../../system/libc.ts";
import { readProcesses } from "../../system/proc-stat.ts";
import { exitCodes } from "../outcome.ts";
import { version } from "../version.ts";
import { type ClaimedControl, claimControl, type NoControl } from "./claim-control.ts";
import { LastResort } from "./last-resort.ts";
import { assemble, type FarmParts } from "./parts.ts";
import { watchFarmFiles } from "./watch-files.ts";

/** A running farm, from the first line of its log to its exit code. */
export class Farm {
  readonly #parts: FarmParts;
  /** What it began with. */
  readonly #spec: FarmSpec;
  readonly #warnings: readonly string[];
  /** Where the control socket is to be, instead of where the file says. */
  readonly #socket: string | null;
  readonly #done = Promise.withResolvers<number>();
  readonly #lastResort: LastResort;
  #metrics: Promise<Metrics> | null = null;
  #unwatch = (): void => {};

  /** `load` reads the file anew. `socket` is where the control socket is to be, instead of where the file says. */
  constructor(file: FarmFile, load: LoadFarmFile, socket: string | null) {
    heedChildren();
    this.#warnings = file.warnings;
    this.#socket = socket;
    this.#parts = assemble(file, load, {
      bug: (error) => this.#lastResort.bug(error),
      guardianMissing: (why) => this.#warn("Guardian is missing and is started again.", { error: why }),
      outputNotice: (notice) => this.#outputNotice(notice),
      done: this.#done.resolve,
    });
    this.#spec = this.#parts.definitions.current.spec;
    this.#lastResort = new LastResort(this.#parts, () => this.#done.resolve(exitCodes.bug));
  }

  /** Runs until the farm ends and resolves to pm's exit code; a string is the one line to say when it could not begin. */
  async run(signals: { obey(orders: SignalOrders): void }): Promise<number | string> {
    const { bus, output, definitions, hooks, guardian } = this.#parts;
    const http = await this.#startHttp();
    if (typeof http === "string") return http;
    const claimed = await claimControl(this.#spec, this.#socket);
    if (typeof claimed === "string") {
      await http?.stop();
      return claimed;
    }
    await this.#startLog();
    process.on("uncaughtException", (error) => this.#lastResort.bug(error));
    process.on("unhandledRejection", (error) => this.#lastResort.bug(error));
    try {
      this.#begin(http, signals);
    } catch (error) {
      this.#lastResort.bug(error);
    }
    const control = this.#serveControl(claimed, http?.address ?? null);
    const exitCode = await this.#done.promise;
    this.#unwatch();
    await Promise.all([http?.stop(), definitions.stop(), hooks.finish()]);
    bus.emit({ type: "farm_stopped", exitCode });
    await (await control)?.stop();
    await output.finish();
    if (!this.#lastResort.forsaken) await guardian.release();
    return exitCode;
  }

  #begin(http: HttpServer | null, signals: { obey(orders: SignalOrders): void }): void {
    const { bus, guardian, supervisor, definitions, reloader, output } = this.#parts;
    for (const message of this.#warnings) this.#warn(message);
    guardian.start();
    if (http !== null) bus.emit({ type: "http_listening", address: http.address });
    supervisor.start();
    definitions.start(reloader);
    this.#unwatch = watchFarmFiles(
      this.#parts,
      () => this.#reload("file change"),
      (file, why) => this.#warn("Configuration file cannot be watched.", { file, error: why }),
    );
    this.#metrics ??= this.#loadMetrics();
    signals.obey({
      stop: (signal) => supervisor.shutdown("signal", exitCodes.done, signal),
      kill: () => {
        output.hurry();
        supervisor.kill();
      },
      reload: () => this.#reload("SIGHUP"),
    });
  }

  /** The first workers have been started by now: they need not wait for it. */
  async #serveControl(claimed: ClaimedControl | NoControl, http: string | null): Promise<ControlServer | null> {
    let off: string | null;
    if ("off" in claimed) off = claimed.off;
    else {
      const startedAtEpochMs = Date.now();
      const { serveControl } = await import("./control.ts");
      const served = await serveControl(this.#parts, {
        ...claimed,
        mode: this.#spec.control?.mode ?? 0o600,
        startedAtEpochMs,
        http,
        onBug: (error) =>
          this.#warn("A request failed: this is a bug of pm; please report it.", { error: String(error) }),
        onCrowd: (closed) => this.#warn("Descriptors ran short; idle control connections were closed.", { closed }),
      });
      if (typeof served !== "string") {
        this.#parts.bus.emit({ type: "control_listening", socket: served.socket });
        return served;
      }
      off = served;
    }
    if (off !== null) this.#warn("Control socket is off.", { error: off });
    return null;
  }

  #reload(by: string): void {
    void this.#parts.definitions.reload({ by, reason: null }, false);
  }

  /** Hears every event from now on. */
  listen(listener: (event: PmEvent) => void): void {
    this.#parts.bus.listen(listener);
  }

  /** Text for people, its newline included, to stderr among pm's own records. */
  say(text: string): void {
    this.#parts.output.writeOwn(text);
  }

  async #startHttp(): Promise<HttpServer | null | string> {
    if (this.#spec.http === null) return null;
    const started = await startHttp({
      ...this.#spec.http,
      snapshot: () => this.#parts.supervisor.snapshot(),
      metricsPage: async () => (await (this.#metrics ??= this.#loadMetrics())).page(),
    });
    return started.ok ? started.server : started.message;
  }

  async #startLog(): Promise<void> {
    const terminal = isatty(2);
    const log = await createEventLog({
      write: (line) => this.#parts.output.writeOwn(line),
      terminal,
      colour: terminal && !process.env["NO_COLOR"],
      now: () => new Date(),
      level: "info",
    });
    this.#parts.bus.listen((event) => log.record(event));
  }

  /** Loaded while the first workers start: they need not wait for it. */
  async #loadMetrics(): Promise<Metrics> {
    const { bus, supervisor, output } = this.#parts;
    const { createMetrics } = await import("../../surface/metrics.ts");
    const metrics = createMetrics({
      consumers: this.#spec.consumers,
      messageMetrics: this.#spec.messageMetrics,
      snapshot: () => supervisor.snapshot(),
      logCounters: () => output.counters(),
      processInfo: readProcesses,
      version,
      bunVersion: Bun.version,
    });
    bus.listenFromStart((event: PmEvent) => metrics.record(event));
    return metrics;
  }

  #warn(message: string, context: Readonly<Record<string, unknown>> = {}): void {
    this.#parts.bus.emit({ type: "notice", level: "warning", message, context });
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
}
