/**
 * Starts and reaps workers through the stub of a packed pm (scripts/loader/spawn.c), which does in one call what Bun.spawn and `pm __exec` do
 * one after the other. A process costs pm a few numbers here, and a start takes as long with thousands of them as with one.
 */
import { linkSymbols, ptr } from "bun:ffi";
import { endOfWorkerDescriptors } from "./descriptor-reserve.ts";
import { errnoName, ownBuffer, unblockSignals } from "./libc.ts";
import { ownBegan, ownEnded } from "./own-children.ts";
import type { StartBlock } from "./start-block.ts";

/** Where the functions of the stub are in this process. */
export interface StubCalls {
  readonly prepare: bigint;
  readonly spawn: bigint;
  readonly reap: bigint;
}

/** A process that has been started, with pm's ends of its streams, none of which blocks. */
export interface NativeProcess {
  readonly pid: number;
  /** Null when it reads from /dev/null. */
  readonly stdinFd: number | null;
  readonly stdoutFd: number;
  readonly stderrFd: number;
  /** Its descriptor 3. */
  readonly ipcFd: number;
}

/** Hears how a process ended: its exit code, or else the number of a signal. Both are null when nobody can tell. */
export type HearExit = (code: number | null, signal: number | null) => void;

/** As in spawn.c. */
const startBytes = 112;
const at = {
  spawner: 0,
  words: 8,
  id: 56,
  writesStdin: 64,
  usesReserve: 72,
  stdin: 80,
  stdout: 84,
  stderr: 88,
  ipc: 92,
  pid: 96,
} as const;
const endedBytes = 16;
const maxEnded = 32;
const exited = 1;

/** All processes that were started this way. */
export class NativeSpawner {
  readonly #calls: ReturnType<typeof link>;
  readonly #state = ownBuffer(44);
  readonly #start = ownBuffer(startBytes);
  readonly #startAt = ptr(this.#start);
  readonly #ended = ownBuffer(maxEnded * endedBytes);
  readonly #living = new Map<number, { readonly pid: number; readonly hear: HearExit }>();
  #lastId = 0;

  private constructor(calls: ReturnType<typeof link>) {
    this.#calls = calls;
    this.#start.writeBigUInt64LE(BigInt(ptr(this.#state)), at.spawner);
  }

  /** To be called once, early; null where the kernel lacks something, and Bun.spawn must do. */
  static open(stub: StubCalls): NativeSpawner | null {
    const spawner = new NativeSpawner(link(stub));
    if (spawner.#calls.prepare(ptr(spawner.#state), endOfWorkerDescriptors()) < 0) return null;
    process.on("SIGCHLD", () => spawner.#reap());
    unblockSignals(["SIGCHLD"]);
    return spawner;
  }

  /**
   * Starts a process in a session of its own; with `writesStdin` pm writes to it, with `usesReserve` its streams may have the descriptors that
   * are kept back from workers. Throws an Error with `code`, as Bun.spawn does.
   */
  spawn(block: StartBlock, writesStdin: boolean, hear: HearExit, usesReserve = false): NativeProcess {
    const start = this.#start;
    const id = this.#freeId();
    block.pointers.copy(start, at.words);
    start.writeUInt32LE(id, at.id);
    start.writeUInt32LE(writesStdin ? 1 : 0, at.writesStdin);
    start.writeUInt32LE(usesReserve ? 1 : 0, at.usesReserve);
    const failed = -this.#calls.spawn(this.#startAt);
    if (failed > 0) throw Object.assign(new Error(errnoName(failed)), { code: errnoName(failed) });
    const pid = start.readInt32LE(at.pid);
    const process = { pid, hear };
    this.#living.set(id, process);
    ownBegan(pid, process);
    return {
      pid,
      stdinFd: writesStdin ? start.readInt32LE(at.stdin) : null,
      stdoutFd: start.readInt32LE(at.stdout),
      stderrFd: start.readInt32LE(at.stderr),
      ipcFd: start.readInt32LE(at.ipc),
    };
  }

  #freeId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#living.has(this.#lastId));
    return this.#lastId;
  }

  /** One signal may stand for many that have ended. */
  #reap(): void {
    let count: number;
    do {
      count = this.#calls.reap(ptr(this.#state), ptr(this.#ended), maxEnded);
      // All are read before the first is told of: whoever hears may start another.
      for (const [id, code, status] of Array.from({ length: count }, (_, index) => this.#endedAt(index * endedBytes))) {
        const process = this.#living.get(id);
        if (process === undefined) continue;
        this.#living.delete(id);
        process.hear(code === exited ? status : null, code === 0 || code === exited ? null : status);
        ownEnded(process.pid, process);
      }
    } while (count === maxEnded);
  }

  /** Its id, and the code and the status that waitid tells. */
  #endedAt(offset: number): readonly [number, number, number] {
    const ended = this.#ended;
    return [ended.readUInt32LE(offset), ended.readInt32LE(offset + 8), ended.readInt32LE(offset + 12)];
  }
}

function link({ prepare, spawn, reap }: StubCalls) {
  return linkSymbols({
    prepare: { ptr: prepare, args: ["ptr", "i32"], returns: "i32" },
    spawn: { ptr: spawn, args: ["ptr"], returns: "i32" },
    reap: { ptr: reap, args: ["ptr", "ptr", "i32"], returns: "i32" },
  }).symbols;
}
