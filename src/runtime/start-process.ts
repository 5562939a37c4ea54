import { constants } from "node:os";
import type { ConsumerSpec } from "../core/farm/spec.ts";
import type { ExitReason } from "../core/supervision/exit.ts";
import { endOfWorkerDescriptors } from "../system/descriptor-reserve.ts";
import { closeFd, pipe, socketPair } from "../system/libc.ts";
import type { NativeSpawner } from "../system/native-spawn.ts";
import { owned } from "../system/own-children.ts";
import { StartBlock } from "../system/start-block.ts";
import { launchOf, settingsOf, type Launcher } from "./exec-launch.ts";
import { programOf } from "./exec-program.ts";
import { runIdVariable } from "./guardian-process.ts";

/** A process that has been started, with pm's ends of its streams, none of which blocks. */
export interface StartedProcess {
  readonly pid: number;
  /** Null when it reads from /dev/null. */
  readonly stdinFd: number | null;
  readonly stdoutFd: number;
  readonly stderrFd: number;
  /** The control channel, its descriptor 3. */
  readonly ipcFd: number;
  /** Waits until it has a process group of its own, to which signals can be sent. */
  readonly settle: () => void;
}

/** Hears what becomes of a process. */
export interface ProcessHearer {
  /** It runs its program. */
  began(): void;
  /** It could not run its program, for this reason, and has ended: instead of the others. An Error with `code`. */
  failed(error: unknown): void;
  ended(exit: ExitReason): void;
}

/** The process to start for a worker. */
export interface ProcessWish {
  readonly spec: ConsumerSpec;
  readonly workerId: number;
  readonly slot: number;
  /** What all that stems from this process is known by. */
  readonly mark: string;
  /** What its stdin is: nothing to read, a pipe that pm writes to, or this descriptor. */
  readonly stdin: "nothing" | "pipe" | number;
  /** The environment of all workers; each adds its own. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts the process. Throws an Error with `code` when it is known at once that it cannot be; then nothing is left of it. */
export function startProcess(wish: ProcessWish, launcher: Launcher, hear: ProcessHearer): StartedProcess {
  const { native } = launcher;
  // A descriptor of another's is more than the stub is made for.
  return native === null || typeof wish.stdin === "number"
    ? startByBun(wish, launcher, hear)
    : startByStub(wish, launcher, native, hear);
}

/** Variables that are another's for each process. */
function changingVariables({ workerId, slot, mark }: ProcessWish) {
  return { PM_WORKER_ID: String(workerId), PM_WORKER_SLOT: String(slot), [runIdVariable]: mark };
}

function fixedVariables({ spec, env }: ProcessWish): Record<string, string> {
  const { tasks } = spec;
  const ofTasks = tasks === null ? {} : { PM_TASKS: tasks.protocol, PM_TASK_CONCURRENCY: String(tasks.concurrency) };
  return { ...env, ...spec.env, PM_CONSUMER: spec.name, PM_IPC_FD: "3", ...ofTasks };
}

interface Prepared {
  readonly block: StartBlock;
  readonly program: string;
  readonly cgroupProcs: string | null;
}

/** For each definition of a consumer, what its last process was started with: mostly that is what the next one is. */
const prepared = new WeakMap<ConsumerSpec, Prepared>();

function startByStub(
  wish: ProcessWish,
  launcher: Launcher,
  native: NativeSpawner,
  hear: ProcessHearer,
): StartedProcess {
  const { spec, env } = wish;
  const program = programOf(spec.command[0] ?? "", spec.cwd, spec.env["PATH"] ?? env["PATH"] ?? "");
  const cgroupProcs = launcher.cgroupProcs(spec);
  const changing = changingVariables(wish);
  let ready = prepared.get(spec);
  if (ready === undefined || ready.program !== program || ready.cgroupProcs !== cgroupProcs) {
    const settings = settingsOf(spec, launcher) ?? [];
    const words = { program, argv: spec.command, env: fixedVariables(wish), folder: spec.cwd, settings };
    ready = { block: new StartBlock(words, Object.keys(changing)), program, cgroupProcs };
    prepared.set(spec, ready);
  }
  const heard = {
    began: () => hear.began(),
    failed: (code: string) => hear.failed(Object.assign(new Error(code), { code })),
    ended: (code: number | null, signal: number | null) => hear.ended(toExitReason(code, signal)),
  };
  const started = native.spawn(ready.block, changing, heard, { writesStdin: wish.stdin === "pipe" });
  return { ...started, settle: () => native.settle() };
}

function startByBun(wish: ProcessWish, launcher: Launcher, hear: ProcessHearer): StartedProcess {
  const { spec, env } = wish;
  const fds: number[] = [];
  const keep = <Pair extends object>(pair: Pair): Pair => {
    const numbers: readonly number[] = Object.values(pair);
    fds.push(...numbers);
    if (Math.max(...numbers) >= endOfWorkerDescriptors()) throw Object.assign(new Error("EMFILE"), { code: "EMFILE" });
    return pair;
  };
  try {
    const stdout = keep(pipe("read"));
    const stderr = keep(pipe("read"));
    const ipc = keep(socketPair());
    const stdin = wish.stdin === "pipe" ? keep(pipe("write")) : null;
    const given = typeof wish.stdin === "number" ? wish.stdin : "ignore";
    const { pid } = owned(
      Bun.spawn({
        ...launchOf(spec, spec.env["PATH"] ?? env["PATH"], launcher),
        cwd: spec.cwd,
        env: { ...fixedVariables(wish), ...changingVariables(wish) },
        stdio: [stdin?.readFd ?? given, stdout.writeFd, stderr.writeFd, ipc.theirs],
        detached: true, // a session and process group of its own: its whole group can be killed
        onExit: (_, code, signal) => hear.ended(toExitReason(code, signal)),
      }),
    );
    for (const fd of [stdout.writeFd, stderr.writeFd, ipc.theirs]) closeFd(fd);
    if (stdin !== null) closeFd(stdin.readFd);
    hear.began();
    return {
      pid,
      stdinFd: stdin?.writeFd ?? null,
      stdoutFd: stdout.readFd,
      stderrFd: stderr.readFd,
      ipcFd: ipc.ours,
      settle: () => {},
    };
  } catch (error) {
    for (const fd of fds) closeFd(fd);
    throw error;
  }
}

function toExitReason(code: number | null, signal: NodeJS.Signals | number | null): ExitReason {
  if (signal === null) return { kind: "exited", code: code ?? 0 };
  const number = typeof signal === "number" ? signal : constants.signals[signal];
  return { kind: "signaled", signal: signalNames.get(number) ?? `SIG${number}`, number };
}

/** The first name that a number has. */
const signalNames = new Map(
  Object.entries(constants.signals)
    .map(([name, number]) => [number, name] as const)
    .toReversed(),
);
