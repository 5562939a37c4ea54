import { closeFd, pipe } from "../system/libc.ts";
import { owned } from "../system/own-children.ts";
import { TurnWriter } from "../system/turn-writer.ts";
import { guardianCommand, runIdVariable } from "./guardian-process.ts";

/** A guardian that dies young, or cannot be started, is tried again after this; one that has lived so long is replaced at once. */
const tryAgainMs = 1_000;

/**
 * The main process's end of its guardian: a small process that outlives pm by a moment. It holds the reading end of a
 * pipe; when pm dies, however it dies, the pipe ends and the guardian kills what pm was keeping alive.
 */
export class Guardian {
  readonly #runId: string;
  readonly #onTrouble: (why: string) => void;
  readonly #pids = new Set<number>();
  #writer: TurnWriter | null = null;
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
    this.#writer = new TurnWriter(writeFd, Number.POSITIVE_INFINITY);
    for (const pid of this.#pids) this.#tell(`+${pid}\n`);
  }

  /** The process group `pid` is pm's to answer for. */
  watch(pid: number): void {
    this.#pids.add(pid);
    this.#tell(`+${pid}\n`);
  }

  /** It has been reaped, and its group killed. */
  forget(pid: number): void {
    this.#pids.delete(pid);
    this.#tell(`-${pid}\n`);
  }

  /** Null when there is none just now. */
  get pid(): number | null {
    return this.#writer === null ? null : (this.#process?.pid ?? null);
  }

  /** The orderly end, when nothing is left to be killed. Resolves when the guardian is gone. */
  async release(): Promise<void> {
    this.#released = true;
    this.#process?.kill("SIGKILL"); // before it could take the end of its pipe for the death of pm; even if somebody has halted it
    this.#writer?.close();
    this.#writer = null;
    await this.#process?.exited;
  }

  #tell(line: string): void {
    this.#writer?.write(line);
  }

  #lost(): void {
    if (this.#released) return;
    this.#writer?.close();
    this.#writer = null;
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
