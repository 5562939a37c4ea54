/**
 * Starts and reaps workers through the stub of a packed pm (scripts/loader/spawn.c), which does in one call what Bun.spawn and `pm __exec` do
 * one after the other. A process costs pm a few numbers here, and a start takes as long with thousands of them as with one.
 */
import { linkSymbols, type Pointer, ptr } from "bun:ffi";
import { endOfWorkerDescriptors } from "./descriptor-reserve.ts";
import { errnoName, ownBuffer, unblockSignals } from "./libc.ts";
import { ownBegan, ownEnded } from "./own-children.ts";
import { pads, type StartBlock } from "./start-block.ts";

/** Where the functions of the stub are in this process. */
export interface StubCalls {
  readonly prepare: bigint;
  readonly spawn: bigint;
  readonly begun: bigint;
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

/** Hears what becomes of a process, from the end of the turn of the event loop in which it was started. */
export interface ProcessHearer {
  /** It runs its program. */
  began(): void;
  /** It could not run its program, and has ended: the name of the errno, as ENOENT. Instead of the others. */
  failed(code: string): void;
  /** Its exit code, or else the number of a signal. Both are null when nobody can tell. */
  ended(code: number | null, signal: number | null): void;
}

/** As in spawn.c. */
const padBytes = 32 + 32_768;
const spawnerBytes = pads * padBytes + 16;
const startBytes = 120;
const at = {
  spawner: 0,
  pad: 8,
  words: 16,
  id: 64,
  writesStdin: 72,
  usesReserve: 80,
  stdin: 88,
  stdout: 92,
  stderr: 96,
  ipc: 100,
  pid: 104,
  underWay: 112,
} as const;
const endedBytes = 16;
const maxEnded = 32;
const exited = 1;

interface Process {
  readonly pid: number;
  readonly hear: ProcessHearer;
  /** Why it could not run its program. */
  failure: string | null;
}

/** What one start has to itself until its process runs its program. */
interface Pad {
  readonly index: number;
  /** `struct start` of spawn.c. */
  readonly start: Buffer;
  readonly startAt: Pointer;
  /** Under way, with its words, which must not be collected before they have been read. */
  underWay: { readonly process: Process; readonly block: StartBlock } | null;
}

/** All processes that were started this way. */
export class NativeSpawner {
  readonly #calls: ReturnType<typeof link>;
  readonly #state = ownBuffer(spawnerBytes);
  readonly #pads: readonly Pad[];
  readonly #ended = ownBuffer(maxEnded * endedBytes);
  readonly #living = new Map<number, Process>();
  /** Those that have been started in this turn of the event loop, in this order. */
  #started: Process[] = [];
  #lastPad = 0;
  /** Of those that have ended, in this turn. */
  #reaped: "nothing" | "all" | "not all" = "nothing";
  #lastId = 0;

  private constructor(calls: ReturnType<typeof link>) {
    this.#calls = calls;
    this.#pads = Array.from({ length: pads }, (_, index) => {
      const start = ownBuffer(startBytes);
      start.writeBigUInt64LE(BigInt(ptr(this.#state)), at.spawner);
      start.writeBigUInt64LE(BigInt(ptr(this.#state) + index * padBytes), at.pad);
      return { index, start, startAt: ptr(start), underWay: null };
    });
  }

  /** To be called once, early; null where the kernel lacks something, and Bun.spawn must do. */
  static open(stub: StubCalls): NativeSpawner | null {
    const spawner = new NativeSpawner(link(stub));
    if (spawner.#calls.prepare(ptr(spawner.#state), endOfWorkerDescriptors()) < 0) return null;
    process.on("SIGCHLD", () => spawner.#mayReap());
    unblockSignals(["SIGCHLD"]);
    return spawner;
  }

  /**
   * Starts a process in a session of its own, with these values of the block's changing variables. With `writesStdin` pm writes to it, with
   * `usesReserve` its streams may have the descriptors that are kept back from workers. Throws an Error with `code`, as Bun.spawn does, when
   * there can be no process; whether the process can run its program is heard later. The first start of a turn is waited for all the same.
   */
  spawn(
    block: StartBlock,
    changing: Readonly<Record<string, string>>,
    hear: ProcessHearer,
    { writesStdin = false, usesReserve = false } = {},
  ): NativeProcess {
    const pad = this.#freePad();
    const { start } = pad;
    const id = this.#freeId();
    for (const name in changing) block.set(pad.index, name, changing[name] ?? "");
    block.pointers(pad.index).copy(start, at.words);
    start.writeUInt32LE(id, at.id);
    start.writeUInt32LE(writesStdin ? 1 : 0, at.writesStdin);
    start.writeUInt32LE(usesReserve ? 1 : 0, at.usesReserve);
    const failed = -this.#calls.spawn(pad.startAt);
    if (failed > 0) throw Object.assign(new Error(errnoName(failed)), { code: errnoName(failed) });
    const pid = start.readInt32LE(at.pid);
    const process: Process = { pid, hear, failure: null };
    pad.underWay = { process, block };
    this.#living.set(id, process);
    ownBegan(pid, process);
    if (this.#started.push(process) === 1) {
      queueMicrotask(() => this.#tellBegun());
      // Somebody waits for a process that starts alone, and what pm would do meanwhile takes a processor from it.
      this.#settlePad(pad);
    }
    return {
      pid,
      stdinFd: writesStdin ? start.readInt32LE(at.stdin) : null,
      stdoutFd: start.readInt32LE(at.stdout),
      stderrFd: start.readInt32LE(at.stderr),
      ipcFd: start.readInt32LE(at.ipc),
    };
  }

  /** Waits until each process that was started runs its program, in a session of its own, or cannot. */
  settle(): void {
    for (const pad of this.#pads) this.#settlePad(pad);
  }

  /** One where no start is under way; waits for the earlier one when all are. */
  #freePad(): Pad {
    const isFree = ({ underWay, start }: Pad): boolean => underWay === null || start.readInt32LE(at.underWay) === 0;
    const pad = this.#pads.find(isFree) ?? this.#pads[(this.#lastPad + 1) % pads]!;
    this.#settlePad(pad);
    this.#lastPad = pad.index;
    return pad;
  }

  #settlePad(pad: Pad): void {
    if (pad.underWay === null) return;
    const { process } = pad.underWay;
    const failed = this.#calls.begun(pad.startAt);
    pad.underWay = null;
    if (failed > 0) process.failure = errnoName(failed);
  }

  /** Whoever starts one is in the midst of it: they hear the rest when the turn has ended. */
  #tellBegun(): void {
    this.settle();
    const started = this.#started;
    this.#started = [];
    for (const { hear, failure } of started) if (failure === null) hear.began();
  }

  #freeId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#living.has(this.#lastId));
    return this.#lastId;
  }

  /**
   * Once in a turn of the event loop: processes may end as fast as they are started again, with a signal for each, and then nobody else
   * would ever have a turn.
   */
  #mayReap(): void {
    if (this.#reaped === "nothing") this.#reap();
    else this.#reaped = "not all";
  }

  /** One signal may stand for many that have ended. */
  #reap(): void {
    const count = this.#calls.reap(ptr(this.#state), ptr(this.#ended), maxEnded);
    this.#reaped = count === maxEnded ? "not all" : "all";
    setImmediate(() => {
      const isMore = this.#reaped === "not all";
      this.#reaped = "nothing";
      if (isMore) this.#reap();
    });
    // All are read before the first is told of: whoever hears may start another.
    for (const [id, code, status] of Array.from({ length: count }, (_, index) => this.#endedAt(index * endedBytes))) {
      const process = this.#living.get(id);
      if (process === undefined) continue;
      this.#living.delete(id);
      if (process.failure !== null) process.hear.failed(process.failure);
      else process.hear.ended(code === exited ? status : null, code === 0 || code === exited ? null : status);
      ownEnded(process.pid, process);
    }
  }

  /** Its id, and the code and the status that waitid tells. */
  #endedAt(offset: number): readonly [number, number, number] {
    const ended = this.#ended;
    return [ended.readUInt32LE(offset), ended.readInt32LE(offset + 8), ended.readInt32LE(offset + 12)];
  }
}

function link({ prepare, spawn, begun, reap }: StubCalls) {
  return linkSymbols({
    prepare: { ptr: prepare, args: ["ptr", "i32"], returns: "i32" },
    spawn: { ptr: spawn, args: ["ptr"], returns: "i32" },
    begun: { ptr: begun, args: ["ptr"], returns: "i32" },
    reap: { ptr: reap, args: ["ptr", "ptr", "i32"], returns: "i32" },
  }).symbols;
}
