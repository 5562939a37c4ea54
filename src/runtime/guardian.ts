import { closeFd, pipe } from "../system/libc.ts";
import { owned } from "../system/own-children.ts";
import { PipeWriter } from "../system/pipe-writer.ts";
import { guardianCommand, runIdVariable } from "./guardian-process.ts";

/** A guardian that dies young, or cannot be started, is tried again after this; one that has lived so long is replaced at once. */
const tryAgainMs = 1_000;

/**
 * What is new is told together this often, since each time wakes the guardian up, and nothing of it counts before pm is dead. A process that
 * was started within, it finds by its environment.
 */
const tellEveryMs = 5;

/**
 * The main process's end of its guardian: a small process that outlives pm by a moment. It holds the reading end of a
 * pipe; when pm dies, however it dies, the pipe ends and the guardian kills what pm was keeping alive.
 */
export class Guardian {
  readonly #runId: string;
  readonly #onTrouble: (why: string) => void;
  readonly #pids = new Set<number>();
  /** What it has not been told yet. */
  readonly #news = new Map<number, "+" | "-">();
  #tellLater: Timer | null = null;
  #fd = -1;
  #writer: PipeWriter | null = null;
  #process: Bun.Subprocess | null = null;
  #startedAtMs = 0;
  #released = false;

  /**
   * `runId` is in the environment of every worker, so that also what a worker leaves behind is found. `onTrouble` hears why there is
   * no guardian just now.
   */
  constructor(runId: string, onTrouble: (why: string) => void) {
    this.#runId = runId;
    this.#onTrouble = onTrouble;
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
    const { readFd, writeFd } = pipe("write");
    this.#startedAtMs = performance.now();
    try {
      this.#process = owned(
        Bun.spawn({
          cmd: guardianCommand(),
          argv0: "pm",
          stdio: [readFd, "ignore", "ignore"],
          detached: true, // a Ctrl-C in the terminal must not reach it
          env: { [runIdVariable]: this.#runId },
          onExit: () => this.#lost(),
        }),
      );
    } catch (error) {
      closeFd(writeFd);
      throw error;
    } finally {
      closeFd(readFd);
    }
    this.#fd = writeFd;
    this.#writer = new PipeWriter(writeFd, Number.POSITIVE_INFINITY);
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
    this.#process?.kill("SIGKILL"); // before it could take the end of its pipe for the death of pm; even if somebody has halted it
    this.#end();
    await this.#process?.exited;
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
    if (this.#writer !== null) closeFd(this.#fd);
    this.#writer = null;
    clearTimeout(this.#tellLater ?? undefined);
    this.#tellLater = null;
  }

  #lost(): void {
    if (this.#released) return;
    this.#end();
    this.#onTrouble("it has ended");
    if (performance.now() - this.#startedAtMs >= tryAgainMs) this.start();
    else this.#startAgain();
  }

  #startAgain(): void {
    setTimeout(() => {
      if (!this.#released) this.start();
    }, tryAgainMs);
  }
}
