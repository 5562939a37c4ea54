import { constants } from "node:os";
import type { TasksSpec } from "../core/farm/tasks-spec.ts";
import type { ExitReason } from "../core/supervision/exit.ts";
import type { Output, ProcessReport } from "../output/output.ts";
import { bundlePing, parseBundleFrame } from "../protocol/bundle-frames.ts";
import { cancelFrame } from "../protocol/task-frames.ts";
import { drainFrame, maxFrameBytes, parseWorkerFrame, pingFrame, type WorkerFrame } from "../protocol/worker-frames.ts";
import { closeFd, pipe, socketPair } from "../system/libc.ts";
import { owned } from "../system/own-children.ts";
import { PipeWriter } from "../system/pipe-writer.ts";
import { launchOf, type Launcher } from "./exec-launch.ts";
import type { Guardian } from "./guardian.ts";
import { runIdVariable } from "./guardian-process.ts";
import type { Child, ChildFact, ChildRequest, Clock } from "./host.ts";
import type { Orphans } from "./orphans.ts";
import { explainSpawnError } from "./spawn-error.ts";
import { FastcgiChildLane, makeServerSocket } from "./tasks/fastcgi-child-lane.ts";
import { JsonlLane } from "./tasks/jsonl-lane.ts";
import type { ChildLane } from "./tasks/lane.ts";

/** Frames waiting for a worker that does not read; pings and drains are tiny, so this many bytes mean that it never will. */
const maxWaitingFrameBytes = 4096;
/** The same for a worker with tasks, which may wait for the results of its calls. */
const maxWaitingResultBytes = 4 * maxFrameBytes;
/** How long stdout is still read for answers when something else holds it open after the worker itself is gone. */
const lingerMs = 2_000;

/** What starting a process needs beside the request. */
export interface ChildContext {
  readonly output: Output;
  readonly guardian: Guardian;
  readonly orphans: Orphans;
  readonly launcher: Launcher;
  readonly clock: Clock;
  /** Where the sockets of FastCGI servers are made; null where there is no such place. */
  readonly socketFolder: () => string | null;
  /** The environment of all workers; each adds its own. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a worker's process with real pipes, or says why it could not. Never throws. */
export function spawnChild(
  request: ChildRequest,
  hear: (fact: ChildFact) => void,
  context: ChildContext,
): Child | Extract<ExitReason, { kind: "spawn_failed" }> {
  const undo: (() => void)[] = [];
  try {
    return new ChildProcess(request, hear, context, undo);
  } catch (error) {
    for (const each of undo) each();
    return { kind: "spawn_failed", ...explainSpawnError(error, request.spec) };
  }
}

class ChildProcess implements Child {
  readonly lane: ChildLane | null;
  readonly #jsonl: JsonlLane | null;
  readonly #process: Bun.Subprocess;
  readonly #hear: (fact: ChildFact) => void;
  readonly #output: Output;
  readonly #guardian: Guardian;
  readonly #orphans: Orphans;
  /** What all that stems from this process is known by. */
  readonly #mark: string;
  readonly #key: number;
  readonly #ipcFd: number;
  readonly #ipc: PipeWriter;
  readonly #stdin: { readonly fd: number; readonly writer: PipeWriter } | null;
  /** The PHP namespace of the bundle's messages, once a frame has shown it. */
  #bundleNamespace: string | null = null;
  #exited = false;
  /** What must have ended before all it said has been heard: the output, and the answers to its tasks. */
  #unheard = 1;

  /** `undo` gathers what must be done when this throws. */
  constructor(request: ChildRequest, hear: (fact: ChildFact) => void, context: ChildContext, undo: (() => void)[]) {
    const { spec, workerId, slot } = request;
    const isBundle = spec.preset === "symfony-messenger";
    const isJsonl = spec.tasks?.protocol === "jsonl";
    const keep = (...fds: number[]): void => void undo.push(() => fds.forEach(closeFd));
    const stdout = pipe("read");
    keep(stdout.readFd, stdout.writeFd);
    const stderr = pipe("read");
    keep(stderr.readFd, stderr.writeFd);
    const ipc = socketPair();
    keep(ipc.ours, ipc.theirs);
    const stdin = isBundle || isJsonl ? pipe("write") : null;
    if (stdin !== null) keep(stdin.readFd, stdin.writeFd);
    this.#mark = context.orphans.nextMark();
    const isServer = spec.tasks?.protocol === "fastcgi";
    const server = isServer ? makeServerSocket(spec, context.socketFolder(), this.#mark) : null;
    if (server !== null) undo.push(() => server.close());

    this.#hear = hear;
    this.#output = context.output;
    this.#guardian = context.guardian;
    this.#orphans = context.orphans;
    this.#process = owned(
      Bun.spawn({
        ...launchOf(
          server === null ? spec : { ...spec, command: server.command },
          spec.env["PATH"] ?? context.env["PATH"],
          context.launcher,
        ),
        cwd: spec.cwd,
        env: {
          ...(server === null ? {} : serverVariables),
          ...context.env,
          ...spec.env,
          PM_WORKER_ID: String(workerId),
          PM_WORKER_SLOT: String(slot),
          PM_CONSUMER: spec.name,
          PM_IPC_FD: "3",
          ...(spec.tasks === null ? {} : taskVariables(spec.tasks)),
          ...(server === null ? {} : { PM_FASTCGI_SOCKET: server.path }),
          [runIdVariable]: this.#mark,
        },
        stdio: [stdin?.readFd ?? server?.fd ?? "ignore", stdout.writeFd, stderr.writeFd, ipc.theirs],
        detached: true, // a session and process group of its own: its whole group can be killed
        onExit: (_, code, signal) => this.#onExit(code, signal),
      }),
    );
    undo.length = 0; // from here on nothing throws, and each has its owner
    this.#guardian.watch(this.pid);
    this.#orphans.began(this.#mark);
    for (const fd of [stdout.writeFd, stderr.writeFd, ipc.theirs]) closeFd(fd);
    if (stdin !== null) closeFd(stdin.readFd);
    this.#stdin =
      isBundle && stdin !== null
        ? { fd: stdin.writeFd, writer: new PipeWriter(stdin.writeFd, maxWaitingFrameBytes) }
        : null;
    this.#ipcFd = ipc.ours;
    this.#ipc = new PipeWriter(ipc.ours, spec.tasks === null ? maxWaitingFrameBytes : maxWaitingResultBytes);
    this.#jsonl =
      isJsonl && stdin !== null ? this.#jsonlLane(stdin.writeFd, stdout.readFd, spec.tasks?.maxBytes ?? 0) : null;
    this.lane = server === null ? this.#jsonl : new FastcgiChildLane(spec, server, context.clock);
    this.#key = this.#output.open(
      {
        stdoutFd: isJsonl ? null : stdout.readFd,
        stderrFd: stderr.readFd,
        ipcFd: ipc.ours,
        workerId,
        slot,
        pid: this.pid,
        consumer: spec.name,
        logs: spec.logs,
        bundleFrames: isBundle,
        readyPattern: spec.ready.when === "log" ? spec.ready.pattern : null,
      },
      (report) => this.#report(report),
    );
  }

  get pid(): number {
    return this.#process.pid;
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#exited) sendSignal(this.pid, signal);
  }

  signalGroup(signal: NodeJS.Signals): void {
    if (!this.#exited) sendSignal(-this.pid, signal);
  }

  killGroup(): void {
    sendSignal(-this.pid, "SIGKILL");
  }

  ping(): boolean {
    if (this.#stdin !== null && this.#bundleNamespace !== null) {
      return this.#stdin.writer.write(bundlePing(this.#bundleNamespace));
    }
    return this.#ipc.write(pingFrame);
  }

  drain(): boolean {
    return this.#ipc.write(drainFrame);
  }

  tell(frame: string): boolean {
    return this.#ipc.write(frame);
  }

  lastActivityMs(): number {
    return Math.max(this.#output.lastActivityMs(this.#key), this.#jsonl?.heardAtMs ?? 0);
  }

  isHeldUp(): boolean {
    return this.#output.isHeldUp(this.#key);
  }

  #onExit(code: number | null, signal: NodeJS.Signals | number | null): void {
    this.#exited = true;
    this.#guardian.forget(this.pid);
    this.#orphans.ended(this.#mark);
    this.#output.exited(this.#key);
    if (this.#stdin !== null) closeFd(this.#stdin.fd);
    const exit = toExitReason(code, signal);
    this.lane?.exited(exit);
    this.#hear({ type: "exited", exit });
    if (this.#unheard > 1) setTimeout(() => this.lane?.abandon(), lingerMs).unref();
  }

  #report(report: ProcessReport): void {
    switch (report.type) {
      case "frame":
        this.#take(parseWorkerFrame(report.line));
        return;
      case "bundle_frame": {
        const parsed = parseBundleFrame(report.text);
        if (typeof parsed !== "string") this.#bundleNamespace = parsed.namespace;
        this.#take(typeof parsed === "string" ? parsed : parsed.frame);
        return;
      }
      case "oversized":
        this.#hear({ type: "ipc_error", kind: "oversized" });
        return;
      case "log_ready":
        this.#hear({ type: "log_ready" });
        return;
      case "ended":
        closeFd(this.#ipcFd);
        this.#heard();
        return;
    }
  }

  #jsonlLane(stdinFd: number, stdoutFd: number, maxBytes: number): JsonlLane {
    this.#unheard += 1;
    const cancel = (id: number): void => void this.#ipc.write(cancelFrame(id));
    return new JsonlLane({ stdinFd, stdoutFd, maxBytes, cancel, ended: () => this.#heard() });
  }

  #heard(): void {
    this.#unheard -= 1;
    if (this.#unheard === 0) this.#hear({ type: "ended" });
  }

  #take(frame: WorkerFrame | "malformed" | "unknown_type"): void {
    this.#hear(typeof frame === "string" ? { type: "ipc_error", kind: frame } : { type: "frame", frame });
  }
}

/** php-cgi ends itself after 500 requests unless it is told not to: here `max_tasks` says when it is replaced. */
const serverVariables = { PHP_FCGI_MAX_REQUESTS: "0" };

/** What tells a worker that it is handed tasks. */
function taskVariables({ protocol, concurrency }: TasksSpec): Record<string, string> {
  return { PM_TASKS: protocol, PM_TASK_CONCURRENCY: String(concurrency) };
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already, which is what a signal to it was for
  }
}

function toExitReason(code: number | null, signal: NodeJS.Signals | number | null): ExitReason {
  if (signal === null) return { kind: "exited", code: code ?? 0 };
  if (typeof signal === "number") return { kind: "signaled", signal: `SIG${signal}`, number: signal };
  return { kind: "signaled", signal, number: constants.signals[signal] };
}
