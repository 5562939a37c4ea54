import { closeFd, pipe, sendSignal } from "../system/libc.ts";
import type { NativeSpawner } from "../system/native-spawn.ts";
import { owned } from "../system/own-children.ts";
import { PipeWriter } from "../system/pipe-writer.ts";
import { StartBlock } from "../system/start-block.ts";
import { guardianArgument, guardianCommand, runIdVariable } from "./guardian-process.ts";

/** A guardian that dies young, or cannot be started, is tried again after this; one that has lived so long is replaced at once. */
const tryAgainMs = 1_000;

/**
 * What is new is told together this often, since each time wakes the guardian up, and nothing of it counts before pm is dead. A process that
 * was started within, it finds by its environment.
 */
const tellEveryMs = 5;

/** A guardian process that has been started. */
interface Started {
  readonly pid: number;
  /** The writing end of the pipe that it reads. */
  readonly writeFd: number;
}

/**
 * The main process's end of its guardian: a small process that outlives pm by a moment. It holds the reading end of a
 * pipe; when pm dies, however it dies, the pipe ends and the guardian kills what pm was keeping alive.
 */
export class Guardian {
  readonly #runId: string;
  readonly #onTrouble: (why: string) => void;
  readonly #native: NativeSpawner | null;
  readonly #pids = new Set<number>();
  /** What it has not been told yet. */
  readonly #news = new Map<number, "+" | "-">();
  #tellLater: Timer | null = null;
  #writer: PipeWriter | null = null;
  #process: Started | null = null;
  #gone = Promise.withResolvers<void>();
  #startedAtMs = 0;
  #released = false;

  /**
   * `runId` is in the environment of every worker, so that also what a worker leaves behind is found. `onTrouble` hears why there is
   * no guardian just now. `native` starts it in a tenth of the time that Bun.spawn takes for its first process.
   */
  constructor(runId: string, onTrouble: (why: string) => void, native: NativeSpawner | null = null) {
    this.#runId = runId;
    this.#onTrouble = onTrouble;
    this.#native = native;
  }

  /** Starts the process; returns at once. What it is told meanwhile waits in the pipe. */
  start(): void {
    try {
      this.#start();
    } catch (error) {
      // Too many processes or descriptors, for now: the farm is worth more than its guardian.
      this.#onTrouble(error instanceof Error ? error.message : String(error));
      this.#startAgain();
    }
  }

  #start(): void {
    this.#startedAtMs = performance.now();
    this.#gone = Promise.withResolvers();
    const lost = (why = "it has ended"): void => this.#lost(why);
    this.#process =
      this.#native === null ? startByBun(this.#runId, lost) : startByStub(this.#native, this.#runId, lost);
    this.#writer = new PipeWriter(this.#process.writeFd, Number.POSITIVE_INFINITY);
    this.#news.clear();
    for (const pid of this.#pids) this.#news.set(pid, "+");
    this.#tellNews();
  }

  /** The process group `pid` is pm's to answer for. */
  watch(pid: number): void {
    this.#pids.add(pid);
    this.#tell(pid, "+");
  }

  /** It has been reaped, and its group killed. */
  forget(pid: number): void {
    this.#pids.delete(pid);
    this.#tell(pid, "-");
  }

  /** Null when there is none just now. */
  get pid(): number | null {
    return this.#writer === null ? null : (this.#process?.pid ?? null);
  }

  /** The orderly end, when nothing is left to be killed. Resolves when the guardian is gone. */
  async release(): Promise<void> {
    this.#released = true;
    const { pid } = this;
    if (pid === null) return;
    sendSignal(pid, "SIGKILL"); // before it could take the end of its pipe for the death of pm; even if somebody has halted it
    this.#end();
    await this.#gone.promise;
  }

  #tell(pid: number, what: "+" | "-"): void {
    const before = this.#news.get(pid);
    if (before === undefined || before === what) this.#news.set(pid, what);
    else this.#news.delete(pid); // come and gone, and it never knew
    if (this.#writer !== null) this.#tellLater ??= setTimeout(() => this.#tellNews(), tellEveryMs);
  }

  #tellNews(): void {
    this.#tellLater = null;
    const lines = Array.from(this.#news, ([pid, what]) => `${what}${pid}\n`);
    this.#news.clear();
    if (lines.length > 0) this.#writer?.write(lines.join(""));
  }

  #end(): void {
    if (this.#writer !== null && this.#process !== null) closeFd(this.#process.writeFd);
    this.#writer = null;
    clearTimeout(this.#tellLater ?? undefined);
    this.#tellLater = null;
  }

  #lost(why: string): void {
    this.#gone.resolve();
    if (this.#released) return;
    this.#end();
    this.#onTrouble(why);
    if (performance.now() - this.#startedAtMs >= tryAgainMs) this.start();
    else this.#startAgain();
  }

  #startAgain(): void {
    setTimeout(() => {
      if (!this.#released) this.start();
    }, tryAgainMs);
  }
}

/** In a session of its own, for a Ctrl-C in the terminal must not reach it. */
function startByStub(native: NativeSpawner, runId: string, lost: (why?: string) => void): Started {
  const words = {
    program: "/proc/self/exe",
    argv: ["pm", guardianArgument],
    env: { [runIdVariable]: runId },
    folder: "/",
    settings: [],
  };
  const hear = { began: () => {}, failed: lost, ended: () => lost() };
  const options = { writesStdin: true, usesReserve: true };
  const { pid, stdinFd, stdoutFd, stderrFd, ipcFd } = native.spawn(new StartBlock(words, []), {}, hear, options);
  for (const fd of [stdoutFd, stderrFd, ipcFd]) closeFd(fd); // it has nothing to say
  return { pid, writeFd: stdinFd ?? -1 };
}

function startByBun(runId: string, lost: () => void): Started {
  const { readFd, writeFd } = pipe("write");
  try {
    const { pid } = owned(
      Bun.spawn({
        cmd: guardianCommand(),
        argv0: "pm",
        stdio: [readFd, "ignore", "ignore"],
        detached: true,
        env: { [runIdVariable]: runId },
        onExit: () => lost(),
      }),
    );
    return { pid, writeFd };
  } catch (error) {
    closeFd(writeFd);
    throw error;
  } finally {
    closeFd(readFd);
  }
}
