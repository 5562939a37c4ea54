import type { ExitReason } from "../core/supervision/exit.ts";
import type { Output, ProcessReport } from "../output/output.ts";
import { bundlePing, parseBundleFrame } from "../protocol/bundle-frames.ts";
import { drainFrame, parseWorkerFrame, pingFrame, type WorkerFrame } from "../protocol/worker-frames.ts";
import { closeFd, sendSignal } from "../system/libc.ts";
import { PipeWriter } from "../system/pipe-writer.ts";
import type { Launcher } from "./exec-launch.ts";
import type { Guardian } from "./guardian.ts";
import type { Child, ChildFact, ChildRequest } from "./host.ts";
import type { Orphans } from "./orphans.ts";
import { explainSpawnError } from "./spawn-error.ts";
import { startProcess, type StartedProcess } from "./start-process.ts";

/** Frames waiting for a worker that does not read; pings and drains are tiny, so this many bytes mean that it never will. */
const maxWaitingFrameBytes = 4096;

/** What starting a process needs beside the request. */
export interface ChildContext {
  readonly output: Output;
  readonly guardian: Guardian;
  readonly orphans: Orphans;
  readonly launcher: Launcher;
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
  #exited = false;

  constructor(request: ChildRequest, hear: (fact: ChildFact) => void, context: ChildContext) {
    const { spec, workerId, slot } = request;
    const isBundle = spec.preset === "symfony-messenger";
    this.#hear = hear;
    this.#output = context.output;
    this.#guardian = context.guardian;
    this.#orphans = context.orphans;
    this.#mark = context.orphans.nextMark();
    const wish = { ...request, mark: this.#mark, writesStdin: isBundle, env: context.env };
    this.#process = startProcess(wish, context.launcher, (exit) => this.#onExit(exit));
    // From here on nothing throws.
    this.#guardian.watch(this.pid);
    this.#orphans.began(this.#mark);
    const { stdinFd, stdoutFd, stderrFd, ipcFd } = this.#process;
    this.#stdin = stdinFd === null ? null : new PipeWriter(stdinFd, maxWaitingFrameBytes);
    this.#ipc = new PipeWriter(ipcFd, maxWaitingFrameBytes);
    this.#key = this.#output.open(
      {
        stdoutFd,
        stderrFd,
        ipcFd,
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
      return this.#stdin.write(bundlePing(this.#bundleNamespace));
    }
    return this.#ipc.write(pingFrame);
  }

  drain(): boolean {
    return this.#ipc.write(drainFrame);
  }

  lastActivityMs(): number {
    return this.#output.lastActivityMs(this.#key);
  }

  isHeldUp(): boolean {
    return this.#output.isHeldUp(this.#key);
  }

  #onExit(exit: ExitReason): void {
    this.#exited = true;
    this.#guardian.forget(this.pid);
    this.#output.exited(this.#key);
    if (this.#process.stdinFd !== null) closeFd(this.#process.stdinFd);
    this.#hear({ type: "exited", exit });
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
        this.#hear({ type: "ended" });
        return;
    }
  }

  #take(frame: WorkerFrame | "malformed" | "unknown_type"): void {
    this.#hear(typeof frame === "string" ? { type: "ipc_error", kind: frame } : { type: "frame", frame });
  }
}
