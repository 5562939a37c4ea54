import { constants, fstatSync, openSync } from "node:fs";
import { OutputBlock } from "../core/output/output-block.ts";
import type { Source } from "./sources.ts";
import { addressOf, EAGAIN, type Epoll, EPOLLOUT, ownBuffer, sendFrom, writeFrom } from "../system/libc.ts";

/** Bytes that may wait for a slow reader before its writers are slowed down (or their lines dropped). */
const highWaterBytes = 128 * 1024;
/** Room for what is high water and for what one more chunk makes, so that what waits is seldom moved to the front. */
const bufferBytes = 4 * highWaterBytes;

/**
 * One of pm's own two ends: stdout or stderr (or both, when they are the same file).
 *
 * It never blocks and never changes the flags of a description that pm shares with others: a pipe or a terminal is
 * opened again for pm alone, a socket is asked not to block call by call. Output waits in one buffer; whole lines go in.
 */
export class Sink {
  /** Those that are not read until there is room; the loop puts them in and takes them out. */
  readonly paused = new Set<Source>();
  /** Where finished lines are put: `reserve` room first, say `added` after. */
  readonly block = new OutputBlock(ownBuffer(bufferBytes));
  readonly #fd: number;
  readonly #isSocket: boolean;
  readonly #epoll: Epoll;
  readonly #id: number;
  #address = addressOf(this.block.bytes);
  #start = 0;
  #waitsForRoom = false;
  #dead = false;
  #stalledSinceMs: number | null = null;

  /** `id` is what the epoll instance reports when there is room again. */
  constructor(fd: number, epoll: Epoll, id: number) {
    const { fd: own, isSocket } = openForUs(fd);
    this.#fd = own;
    this.#isSocket = isSocket;
    this.#epoll = epoll;
    this.#id = id;
  }

  /** Nobody will ever read this end again. */
  get dead(): boolean {
    return this.#dead;
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

  /** Makes room for `bytes` more. */
  reserve(bytes: number): void {
    const { block } = this;
    if (block.length + bytes <= block.bytes.length) return;
    const pending = block.length - this.#start;
    const target = pending + bytes <= block.bytes.length ? block.bytes : ownBuffer(2 * (pending + bytes));
    block.bytes.copy(target, 0, this.#start, block.length);
    this.#use(target, pending);
  }

  /** Puts the bytes in as they are. */
  copy(from: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    this.block.copy(from, start, end);
  }

  /** Something has been put in: when much has gathered it is written at once. */
  added(nowMs: () => number): void {
    if (this.pendingBytes >= highWaterBytes && !this.#waitsForRoom) this.flush(nowMs());
  }

  /** Writes what the reader takes, without waiting for it. */
  flush(nowMs: number): void {
    while (this.#start < this.block.length && !this.#dead) {
      const size = this.block.length - this.#start;
      const address = this.#address + this.#start;
      const written = this.#isSocket ? sendFrom(this.#fd, address, size) : writeFrom(this.#fd, address, size);
      if (written < 0) {
        this.#refused(-written, nowMs);
        break;
      }
      this.#start += written;
      if (this.#stalledSinceMs !== null) this.#stalledSinceMs = nowMs;
    }
    if (this.#start < this.block.length) return;
    this.#empty();
  }

  /** Forgets what waits; returns how many bytes that were. */
  discard(): number {
    const bytes = this.block.length - this.#start;
    this.#empty();
    return bytes;
  }

  #refused(errno: number, nowMs: number): void {
    if (errno !== EAGAIN) {
      this.#dead = true;
      this.#empty();
      return;
    }
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
    if (this.block.bytes.length > 4 * bufferBytes) this.#use(ownBuffer(bufferBytes), 0);
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
  try {
    return { fd: openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK), isSocket: false };
  } catch {
    return { fd, isSocket: false }; // another user's terminal, say: then this thread may block on it, and only this thread
  }
}
