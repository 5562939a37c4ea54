import { constants, fstatSync, openSync } from "node:fs";
import { OutputBlock } from "../core/output/output-block.ts";
import type { Source } from "./sources.ts";
import {
  addressOf,
  EAGAIN,
  type Epoll,
  EPOLLOUT,
  enlargePipe,
  errnoName,
  ownBuffer,
  sendFrom,
  writeFrom,
} from "../system/libc.ts";

/** Bytes that may wait for a slow reader before its writers are slowed down (or their lines dropped). */
const highWaterBytes = 128 * 1024;
/** Room for what is high water and for what one more chunk makes, so that what waits is seldom moved to the front. */
export const sinkBytes = 4 * highWaterBytes;
/** Most that is asked for beyond what is needed now: the buffer doubles while it is small, and a huge line is not held twice. */
const maxSpareBytes = 1024 * 1024;
/** What a pipe should hold: one that is full makes us wait, and then the workers, once for each 64 KiB. */
const pipeBytes = 1024 * 1024;
/** How often an end that fails is tried again. */
const retryMs = 100;
/** With these nobody will ever read the end again; all other failures (a full disk) may pass. */
const finalFailures: ReadonlySet<string> = new Set(["EPIPE", "EBADF", "ECONNRESET", "ENXIO"]);

const newline = ownBuffer(1);
newline.write("\n");
const newlineAt = addressOf(newline);
const LF = 10;

/** Hears that the end has begun to fail, or works again. */
export type OnSinkChange = (change: "sink_failed" | "sink_recovered", code: string) => void;

/**
 * One of pm's own two ends: stdout or stderr (or both, when they are the same file).
 *
 * It never blocks and never changes the flags of a description that pm shares with others: a pipe or a terminal is
 * opened again for pm alone, a socket is asked not to block call by call. Output waits in one buffer; whole lines go in.
 * While it fails (a full disk), what is put in is lost, and tried again with later lines.
 */
export class Sink {
  /** Those that are not read until there is room; the loop puts them in and takes them out. */
  readonly paused = new Set<Source>();
  /** Where finished lines are put: `reserve` room first, say `added` after. */
  readonly block: OutputBlock;
  /** What the block is made of, as long as that has room. */
  readonly #home: Buffer;
  readonly #fd: number;
  readonly #isSocket: boolean;
  readonly #epoll: Epoll;
  readonly #id: number;
  readonly #hear: OnSinkChange;
  #address: number;
  #start = 0;
  #waitsForRoom = false;
  #dead = false;
  /** Why the last try failed; null while it works. */
  #failure: string | null = null;
  #triedAtMs = 0;
  /** The last byte that went out ended no line. */
  #midLine = false;
  /** And the rest of that line has been lost. */
  #cut = false;
  #stalledSinceMs: number | null = null;

  /** `id` is what the epoll instance reports when there is room again. `home` is for its output: memory of its own, of `sinkBytes`. */
  constructor(fd: number, epoll: Epoll, id: number, hear: OnSinkChange, home = ownBuffer(sinkBytes)) {
    this.block = new OutputBlock(home);
    this.#home = home;
    this.#address = addressOf(home);
    const { fd: own, isSocket } = openForUs(fd);
    this.#fd = own;
    this.#isSocket = isSocket;
    this.#epoll = epoll;
    this.#id = id;
    this.#hear = hear;
  }

  /** Nothing is to be put in: nobody will ever read this end again, or it has failed a moment ago. */
  refuses(nowMs: () => number): boolean {
    return this.#dead || (this.#failure !== null && nowMs() - this.#triedAtMs < retryMs);
  }

  /** No more should be put in for now. */
  get full(): boolean {
    return this.#waitsForRoom && this.block.length - this.#start >= highWaterBytes;
  }

  /** The reader has not taken all; epoll tells when it takes more. */
  get waitsForRoom(): boolean {
    return this.#waitsForRoom;
  }

  get pendingBytes(): number {
    return this.block.length - this.#start;
  }

  /** How long no byte has gone out although some wait; 0 while it flows. */
  stalledMs(nowMs: number): number {
    return this.#stalledSinceMs === null ? 0 : nowMs - this.#stalledSinceMs;
  }

  /** How long the block may become before `added` must be said; 0 while each line must be tried, since the end fails. */
  get fillTo(): number {
    if (this.#dead || this.#failure !== null) return 0;
    return this.full ? this.block.bytes.length : this.#start + highWaterBytes;
  }

  /** Makes room for `bytes` more. */
  reserve(bytes: number): void {
    const { block } = this;
    if (block.length + bytes <= block.bytes.length) return;
    const pending = block.length - this.#start;
    const needed = pending + bytes;
    const target = needed <= block.bytes.length ? block.bytes : ownBuffer(needed + Math.min(needed, maxSpareBytes));
    block.bytes.copy(target, 0, this.#start, block.length);
    this.#use(target, pending);
  }

  /** Puts the bytes in as they are. */
  copy(from: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    this.block.copy(from, start, end);
  }

  /** A line has been put in: when much has gathered, or the end failed before, it is written at once. False when it was lost. */
  added(nowMs: () => number): boolean {
    const isDue = this.pendingBytes >= highWaterBytes || this.#failure !== null;
    if (isDue && !this.#waitsForRoom) this.flush(nowMs());
    return this.#failure === null;
  }

  /** Writes what the reader takes, without waiting for it. */
  flush(nowMs: number): void {
    if (this.pendingBytes === 0) return;
    if (this.#cut) {
      if (!this.#write(newlineAt, 1, nowMs)) return;
      this.#cut = false;
      this.#midLine = false;
    }
    while (this.#start < this.block.length) {
      const written = this.#write(this.#address + this.#start, this.block.length - this.#start, nowMs);
      if (written === 0) return;
      this.#start += written;
      this.#midLine = this.block.bytes[this.#start - 1] !== LF;
      if (this.#stalledSinceMs !== null) this.#stalledSinceMs = nowMs;
    }
    this.#works();
    this.#empty();
  }

  /** Forgets what waits; returns how many bytes that were. */
  discard(): number {
    const bytes = this.block.length - this.#start;
    this.#empty();
    return bytes;
  }

  /** How many bytes went out; 0 when none can, for now or ever. */
  #write(address: number, size: number, nowMs: number): number {
    const written = this.#isSocket ? sendFrom(this.#fd, address, size) : writeFrom(this.#fd, address, size);
    if (written > 0) return written;
    if (written === -EAGAIN) this.#waitForRoom(nowMs);
    else this.#fail(errnoName(-written), nowMs);
    return 0;
  }

  #fail(code: string, nowMs: number): void {
    this.#dead = finalFailures.has(code);
    this.#triedAtMs = nowMs;
    this.#cut = this.#midLine;
    this.#empty();
    if (this.#failure === null) this.#hear("sink_failed", code);
    this.#failure = code;
  }

  #works(): void {
    if (this.#failure !== null) this.#hear("sink_recovered", this.#failure);
    this.#failure = null;
  }

  #waitForRoom(nowMs: number): void {
    this.#works();
    this.#stalledSinceMs ??= nowMs;
    if (!this.#waitsForRoom) this.#epoll.add(this.#fd, EPOLLOUT, this.#id);
    this.#waitsForRoom = true;
  }

  #empty(): void {
    this.#start = 0;
    this.block.length = 0;
    this.#stalledSinceMs = null;
    // Known to epoll only while it waits: an idle pipe without a reader would report that for ever.
    if (this.#waitsForRoom) this.#epoll.remove(this.#fd);
    this.#waitsForRoom = false;
    // A huge line has passed: give its memory back.
    if (this.block.bytes !== this.#home) this.#use(this.#home, 0);
  }

  #use(buffer: Buffer, length: number): void {
    this.block.bytes = buffer;
    this.block.length = length;
    this.#address = addressOf(buffer);
    this.#start = 0;
  }
}

/** True when both descriptors lead to the same place, so that their lines must go through one buffer to stay whole. */
export function isSameFile(a: number, b: number): boolean {
  const [one, other] = [fstatSync(a), fstatSync(b)];
  return one.dev === other.dev && one.ino === other.ino && one.rdev === other.rdev;
}

function openForUs(fd: number): { readonly fd: number; readonly isSocket: boolean } {
  const kind = fstatSync(fd);
  if (kind.isSocket()) return { fd, isSocket: true };
  // A regular file must keep the shared offset (`>> log` would be overwritten), and it never blocks for long.
  if (!kind.isFIFO() && !kind.isCharacterDevice()) return { fd, isSocket: false };
  // A terminal must not become pm's own, or its hang-up and its keys would signal pm.
  const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  try {
    const own = openSync(`/proc/self/fd/${fd}`, flags);
    if (kind.isFIFO()) enlargePipe(own, pipeBytes);
    return { fd: own, isSocket: false };
  } catch {
    return { fd, isSocket: false }; // another user's terminal, say: then this thread may block on it, and only this thread
  }
}
