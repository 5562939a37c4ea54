import type { ConsumerSpec } from "../core/farm/spec.ts";
import type { ExitReason } from "../core/supervision/exit.ts";
import type { ProcessKind } from "../output/messages.ts";
import type { Output, ProcessReport } from "../output/output.ts";
import { bundlePing, parseBundleFrame } from "../protocol/bundle-frames.ts";
import { cancelFrame } from "../protocol/task-frames.ts";
import { drainFrame, maxFrameBytes, parseWorkerFrame, pingFrame, type WorkerFrame } from "../protocol/worker-frames.ts";
import { closeFd, sendSignal } from "../system/libc.ts";
import { PipeWriter } from "../system/pipe-writer.ts";
import type { Launcher } from "./exec-launch.ts";
import type { Guardian } from "./guardian.ts";
import type { Child, ChildFact, ChildRequest, Clock } from "./host.ts";
import type { Orphans } from "./orphans.ts";
import { explainSpawnError } from "./spawn-error.ts";
import { type ProcessWish, startProcess, type StartedProcess } from "./start-process.ts";
import { FastcgiChildLane, makeServerSocket, type ServerSocket } from "./tasks/fastcgi-child-lane.ts";
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
  try {
    return new ChildProcess(request, hear, context);
  } catch (error) {
    return { kind: "spawn_failed", ...explainSpawnError(error, request.spec) };
  }
}

class ChildProcess implements Child {
  readonly lane: ChildLane | null;
  readonly #jsonl: JsonlLane | null;
  readonly #process: StartedProcess;
  readonly #hear: (fact: ChildFact) => void;
  readonly #output: Output;
  readonly #guardian: Guardian;
  readonly #orphans: Orphans;
  /** What all that stems from this process is known by. */
  readonly #mark: string;
  readonly #key: number;
  readonly #ipc: PipeWriter;
  readonly #stdin: PipeWriter | null;
  /** The PHP namespace of the bundle's messages, once a frame has shown it. */
  #bundleNamespace: string | null = null;
  #began = false;
  #whenBegan = (): void => {};
  #exited = false;
  /** What must have ended before all it said has been heard: the output, and the answers to its tasks. */
  #unheard = 1;

  constructor(request: ChildRequest, hear: (fact: ChildFact) => void, context: ChildContext) {
    const { spec, workerId, slot } = request;
    const isJsonl = spec.tasks?.protocol === "jsonl";
    this.#hear = hear;
    this.#output = context.output;
    this.#guardian = context.guardian;
    this.#orphans = context.orphans;
    this.#mark = context.orphans.nextMark();
    const server =
      spec.tasks?.protocol === "fastcgi" ? makeServerSocket(spec, context.socketFolder(), this.#mark) : null;
    try {
      const stdin: ProcessWish["stdin"] = server?.fd ?? (isBundle(spec) || isJsonl ? "pipe" : "nothing");
      const wish = { ...request, ...prepared(spec, server, context.env), mark: this.#mark, stdin };
      this.#process = startProcess(wish, context.launcher, {
        began: () => this.#onBegan(),
        failed: (error) => this.#onExit({ kind: "spawn_failed", ...explainSpawnError(error, spec) }),
        ended: (exit) => this.#onExit(exit),
      });
    } catch (error) {
      server?.close();
      throw error;
    }
    // From here on nothing throws.
    this.#guardian.watch(this.pid);
    this.#orphans.began(this.#mark);
    const { stdinFd, stdoutFd, stderrFd, ipcFd } = this.#process;
    this.#stdin = isBundle(spec) && stdinFd !== null ? new PipeWriter(stdinFd, maxWaitingFrameBytes) : null;
    this.#ipc = new PipeWriter(ipcFd, spec.tasks === null ? maxWaitingFrameBytes : maxWaitingResultBytes);
    this.#jsonl = isJsonl && stdinFd !== null ? this.#jsonlLane(stdinFd, stdoutFd, spec.tasks?.maxBytes ?? 0) : null;
    this.lane = server === null ? this.#jsonl : new FastcgiChildLane(spec, server, context.clock);
    this.#key = this.#output.open(
      {
        stdoutFd: isJsonl ? null : stdoutFd,
        stderrFd,
        ipcFd,
        workerId,
        slot,
        pid: this.pid,
      },
      kindOf(spec),
      (report) => this.#report(report),
    );
  }

  get pid(): number {
    return this.#process.pid;
  }

  whenBegan(run: () => void): void {
    if (this.#began) run();
    else this.#whenBegan = run;
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#exited) sendSignal(this.pid, signal);
  }

  signalGroup(signal: NodeJS.Signals): void {
    if (!this.#exited) this.#sendToGroup(signal);
  }

  killGroup(): void {
    this.#sendToGroup("SIGKILL");
  }

  #sendToGroup(signal: NodeJS.Signals): void {
    if (!this.#began) this.#process.settle();
    sendSignal(-this.pid, signal);
  }

  ping(): boolean {
    if (this.#stdin !== null && this.#bundleNamespace !== null) {
      return this.#stdin.write(bundlePing(this.#bundleNamespace));
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

  #onBegan(): void {
    this.#began = true;
    this.#whenBegan();
  }

  #onExit(exit: ExitReason): void {
    this.#exited = true;
    this.#output.exited(this.#key); // whoever hears of the end may ask for the last words
    this.lane?.exited(exit);
    this.#hear({ type: "exited", exit }); // may start its successor, for which all that follows is no reason to wait
    this.#guardian.forget(this.pid);
    if (this.#stdin !== null && this.#process.stdinFd !== null) closeFd(this.#process.stdinFd);
    if (this.#unheard > 1) setTimeout(() => this.lane?.abandon(), lingerMs).unref();
    this.#orphans.ended(this.#mark); // takes a look at all children, which its successor need not wait for
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
        closeFd(this.#process.ipcFd);
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

function isBundle({ preset }: ConsumerSpec): boolean {
  return preset === "symfony-messenger";
}

const kinds = new WeakMap<ConsumerSpec, ProcessKind>();

function kindOf(spec: ConsumerSpec): ProcessKind {
  let kind = kinds.get(spec);
  if (kind === undefined) {
    const readyPattern = spec.ready.when === "log" ? spec.ready.pattern : null;
    kind = { consumer: spec.name, logs: spec.logs, bundleFrames: isBundle(spec), readyPattern };
    kinds.set(spec, kind);
  }
  return kind;
}

/** php-cgi ends itself after 500 requests unless it is told not to: here `max_tasks` says when it is replaced. */
const serverVariables = { PHP_FCGI_MAX_REQUESTS: "0" };

/** A server is told where to listen, which is another place for each process. */
function prepared(spec: ConsumerSpec, server: ServerSocket | null, env: ChildContext["env"]) {
  if (server === null) return { spec, env };
  return {
    spec: { ...spec, command: server.command, env: { ...spec.env, PM_FASTCGI_SOCKET: server.path } },
    env: { ...serverVariables, ...env },
  };
}
