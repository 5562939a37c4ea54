import { constants } from "node:os";
import type { ExitReason } from "../core/supervision/exit.ts";
import type { Output, ProcessReport } from "../output/output.ts";
import { bundlePing, parseBundleFrame } from "../protocol/bundle-frames.ts";
import { drainFrame, parseWorkerFrame, pingFrame, type WorkerFrame } from "../protocol/worker-frames.ts";
import { closeFd, pipe, socketPair } from "../system/libc.ts";
import { owned } from "../system/own-children.ts";
import { PipeWriter } from "../system/pipe-writer.ts";
import { launchOf, type Launcher } from "./exec-launch.ts";
import type { Guardian } from "./guardian.ts";
import { runIdVariable } from "./guardian-process.ts";
import type { Child, ChildFact, ChildRequest } from "./host.ts";
import type { Orphans } from "./orphans.ts";
import { explainSpawnError } from "./spawn-error.ts";

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
  const fds: number[] = [];
  try {
    return new ChildProcess(request, hear, context, fds);
  } catch (error) {
    for (const fd of fds) closeFd(fd);
    return { kind: "spawn_failed", ...explainSpawnError(error, request.spec) };
  }
}

class ChildProcess implements Child {
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

  /** `fds` gathers what must be closed again when this throws. */
  constructor(request: ChildRequest, hear: (fact: ChildFact) => void, context: ChildContext, fds: number[]) {
    const { spec, workerId, slot } = request;
    const isBundle = spec.preset === "symfony-messenger";
    const keep = (...some: number[]): void => void fds.push(...some);
    const stdout = pipe("read");
    keep(stdout.readFd, stdout.writeFd);
    const stderr = pipe("read");
    keep(stderr.readFd, stderr.writeFd);
    const ipc = socketPair();
    keep(ipc.ours, ipc.theirs);
    const stdin = isBundle ? pipe("write") : null;
    if (stdin !== null) keep(stdin.readFd, stdin.writeFd);

    this.#hear = hear;
    this.#output = context.output;
    this.#guardian = context.guardian;
    this.#orphans = context.orphans;
    this.#mark = context.orphans.nextMark();
    this.#process = owned(
      Bun.spawn({
        ...launchOf(spec, spec.env["PATH"] ?? context.env["PATH"], context.launcher),
        cwd: spec.cwd,
        env: {
          ...context.env,
          ...spec.env,
          PM_WORKER_ID: String(workerId),
          PM_WORKER_SLOT: String(slot),
          PM_CONSUMER: spec.name,
          PM_IPC_FD: "3",
          [runIdVariable]: this.#mark,
        },
        stdio: [stdin?.readFd ?? "ignore", stdout.writeFd, stderr.writeFd, ipc.theirs],
        detached: true, // a session and process group of its own: its whole group can be killed
        onExit: (_, code, signal) => this.#onExit(code, signal),
      }),
    );
    fds.length = 0; // from here on nothing throws, and each has its owner
    this.#guardian.watch(this.pid);
    this.#orphans.began(this.#mark);
    for (const fd of [stdout.writeFd, stderr.writeFd, ipc.theirs]) closeFd(fd);
    if (stdin !== null) closeFd(stdin.readFd);
    this.#stdin =
      stdin === null ? null : { fd: stdin.writeFd, writer: new PipeWriter(stdin.writeFd, maxWaitingFrameBytes) };
    this.#ipcFd = ipc.ours;
    this.#ipc = new PipeWriter(ipc.ours, maxWaitingFrameBytes);
    this.#key = this.#output.open(
      {
        stdoutFd: stdout.readFd,
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

  lastActivityMs(): number {
    return this.#output.lastActivityMs(this.#key);
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
    this.#hear({ type: "exited", exit: toExitReason(code, signal) });
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
        this.#hear({ type: "ended" });
        return;
    }
  }

  #take(frame: WorkerFrame | "malformed" | "unknown_type"): void {
    this.#hear(typeof frame === "string" ? { type: "ipc_error", kind: frame } : { type: "frame", frame });
  }
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
