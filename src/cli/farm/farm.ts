import type { PmEvent } from "../../core/farm/events.ts";
import type { FarmSpec } from "../../core/farm/spec.ts";
import { lastStepsMs } from "../../core/farm/stop-budget.ts";
import type { OutputNotice } from "../../output/output.ts";
import type { FarmFile, LoadFarmFile } from "../../runtime/definitions.ts";
import { openFilesNeeded } from "../../runtime/open-files.ts";
import type { SignalOrders } from "../../runtime/signals.ts";
import { createEventLog } from "../../surface/event-log.ts";
import { type HttpServer, startHttp } from "../../surface/http.ts";
import type { ControlServer } from "../../surface/control/server.ts";
import type { Metrics } from "../../surface/metrics.ts";
import type { TaskServer } from "../../surface/task-server.ts";
import type { ServiceManager } from "../../surface/service-manager.ts";
import { type NotifyWish, takeNotifyWish } from "../../surface/service-manager-text.ts";
import { compileAsUsual } from "../../system/jit.ts";
import { openFilesAllowed } from "../../system/limits.ts";
import { readProcesses } from "../../system/proc-stat.ts";
import { isTerminal } from "../../system/terminal.ts";
import { exitCodes } from "../outcome.ts";
import { version } from "../version.ts";
import { type ClaimedControl, claimControl, type NoControl } from "./claim-control.ts";
import { LastResort } from "./last-resort.ts";
import { openServiceManager } from "./service-manager.ts";
import { assemble, type FarmParts } from "./parts.ts";
import { watchFarmFiles } from "./watch-files.ts";

/** So long after all workers have been started, the start is over. */
const settledAfterMs = 50;

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
  readonly #notifyWish: NotifyWish | null;
  #metrics: Promise<Metrics> | null = null;
  /** Null when there is none to tell. */
  #serviceManager: ServiceManager | null = null;
  #unwatch = (): void => {};

  /** `load` reads the file anew. `socket` is where the control socket is to be, instead of where the file says. */
  constructor(file: FarmFile, load: LoadFarmFile, socket: string | null) {
    this.#warnings = file.warnings;
    this.#socket = socket;
    this.#notifyWish = takeNotifyWish(process.env, process.pid); // before anybody copies the environment
    this.#parts = assemble(file, load, {
      bug: (error) => this.#lastResort.bug(error),
      guardianMissing: (why) => this.#warn("Guardian is missing and is started again.", { error: why }),
      cgroupMissing: (why) => this.#warn("Workers run without the limits of their cgroup.", { error: why }),
      outputNotice: (notice) => this.#outputNotice(notice),
      done: this.#done.resolve,
    });
    this.#spec = this.#parts.definitions.current.spec;
    this.#lastResort = new LastResort(this.#parts, () => this.#done.resolve(exitCodes.bug));
  }

  /** Runs until the farm ends and resolves to pm's exit code; a string is the one line to say when it could not begin. */
  async run(signals: { obey(orders: SignalOrders): void }): Promise<number | string> {
    const { graceMs, bus, output, definitions, hooks, guardian, orphans, cgroups } = this.#parts;
    // First of all: of a pm that runs already with this file, its port is the least that should be said.
    const claimed = await claimControl(this.#spec, this.#socket);
    if (typeof claimed === "string") return claimed;
    const http = await this.#startHttp();
    if (typeof http === "string") {
      if ("claim" in claimed) claimed.claim.release();
      return http;
    }
    const taskServer = await this.#startTaskServer();
    if (typeof taskServer === "string") {
      if ("claim" in claimed) claimed.claim.release();
      await http?.stop();
      return taskServer;
    }
    let endMs = Number.POSITIVE_INFINITY;
    bus.listen(({ type }) => {
      if (type === "shutting_down") endMs = performance.now() + graceMs;
    });
    await this.#startLog();
    this.#serviceManager = await openServiceManager(this.#notifyWish, this.#parts, (why) =>
      this.#warn("Service manager cannot be told how pm does.", { error: why }),
    );
    process.on("uncaughtException", (error) => this.#lastResort.bug(error));
    process.on("unhandledRejection", (error) => this.#lastResort.bug(error));
    this.#carefully(() => this.#startWorkers(http));
    output.start(); // what the first workers write meanwhile waits in their pipes
    this.#carefully(() => {
      if (taskServer !== null) bus.emit({ type: "task_server_listening", address: taskServer.address });
      this.#listenToOutside(signals);
    });
    compileAsUsual(); // the start is over
    this.#forgetStartLater();
    const control = this.#serveControl(claimed, http?.address ?? null);
    const exitCode = await this.#done.promise;
    this.#unwatch();
    const { hooksMs, orphansMs } = lastStepsMs(endMs - performance.now());
    await Promise.all([http?.stop(), definitions.stop(), hooks.finish(hooksMs), this.#parts.endIntakes()]);
    const clean = !this.#lastResort.forsaken && (await orphans.end(guardian.pid, orphansMs));
    if (!clean) this.#warn("Some processes are left; the guardian kills them."); // when pm has gone without taking leave of it
    await cgroups.end();
    bus.emit({ type: "farm_stopped", exitCode });
    await Promise.all([taskServer?.stop(), (await control)?.stop()]);
    await output.finish();
    this.#serviceManager?.close();
    if (clean) await guardian.release();
    return exitCode;
  }

  /** Does a step of the start; what is thrown there is a bug. */
  #carefully(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#lastResort.bug(error);
    }
  }

  #startWorkers(http: HttpServer | null): void {
    const { bus, guardian, orphans, supervisor } = this.#parts;
    for (const message of this.#warnings) this.#warn(message);
    this.#checkOpenFiles();
    orphans.start();
    guardian.start();
    if (http !== null) bus.emit({ type: "http_listening", address: http.address });
    supervisor.start();
  }

  #listenToOutside(signals: { obey(orders: SignalOrders): void }): void {
    const { supervisor, definitions, reloader, output } = this.#parts;
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

  #forgetStartLater(): void {
    setTimeout(() => {
      if (this.#parts.supervisor.starting) this.#forgetStartLater();
      // Where the kernel tells pm nothing of its memory, it stays as it is.
      else import("../../system/forget-start.ts").then(({ forgetStart }) => forgetStart()).catch(() => {});
    }, settledAfterMs);
  }

  #checkOpenFiles(): void {
    const { workers, files } = openFilesNeeded(this.#spec.consumers, this.#spec.totalCap);
    const allowed = openFilesAllowed();
    if (allowed === null || files <= allowed) return;
    this.#warn("Too few open files are allowed for all workers; raise the hard limit (ulimit -Hn, LimitNOFILE=).", {
      workers,
      needed: files,
      allowed,
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
        onBug: (error) => this.#requestFailed(error),
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
    this.#serviceManager?.reloading();
    const reloaded = this.#parts.definitions.reload({ by, reason: null }, false);
    void reloaded.finally(() => this.#serviceManager?.reloaded());
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

  async #startTaskServer(): Promise<TaskServer | null | string> {
    const { taskServer } = this.#spec;
    if (taskServer === null) return null;
    const { startTaskServer } = await import("../../surface/task-server.ts");
    const started = await startTaskServer({
      ...taskServer,
      desk: this.#parts.tasks,
      onBug: (error) => this.#requestFailed(error),
    });
    return started.ok ? started.server : started.message;
  }

  #requestFailed(error: unknown): void {
    this.#warn("A request failed: this is a bug of pm; please report it.", { error: String(error) });
  }

  async #startLog(): Promise<void> {
    const terminal = isTerminal(2);
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
