/** What is told of one piece of a worker's output. */
export interface ChunkMeta {
  /** Tells the streams of all processes apart, below 2^32; odd for stderr. */
  readonly streamId: number;
  /** The byte before it was a newline, or there was none. */
  readonly startsLine: boolean;
  /** The stream ends behind it. */
  readonly endsStream: boolean;
  /** When it was read. */
  readonly atEpochMs: number;
}

/** Takes one piece: the bytes [start, end) of `bytes`, which are only lent. */
export type OnChunk = (meta: ChunkMeta, bytes: Buffer, start: number, end: number) => void;

/** In front of each piece: time (8), stream (4), length and above it flags (4). */
const headerBytes = 16;
/** Kept free in front of all: to copy to an address a little behind that of the source, modulo 4096, takes processors ten times as long. */
const leadBytes = 48;
const maxLength = 0xff_ff_ff;
const startsLineFlag = 1 << 24;
const endsStreamFlag = 1 << 25;
const leastBytes = 256;

/** Pieces one behind the other, each behind its header. */
interface Segment {
  bytes: Buffer;
  length: number;
}

/**
 * The last bytes that one worker wrote, in pieces as they were read: half of the limit at least, if so many were written, and never more
 * memory than the limit, headers included. Two segments take turns: when the newer one is full, the older one is forgotten. So a
 * piece costs one copy, of half the limit at most. Memory is taken as it is needed.
 */
export class RecentChunks {
  readonly #allocate: (bytes: number) => Buffer;
  #older: Segment;
  #newer: Segment;
  /** Where the last header stands, in the newer segment; -1 before the first. */
  #last = -1;

  /** `allocate` gives a buffer of so many bytes with any content. */
  constructor(allocate: (bytes: number) => Buffer) {
    this.#allocate = allocate;
    this.#older = { bytes: allocate(0), length: leadBytes };
    this.#newer = { bytes: allocate(0), length: leadBytes };
  }

  /** Memory in use, headers and free room included. */
  get allocatedBytes(): number {
    return this.#older.bytes.length + this.#newer.bytes.length;
  }

  /**
   * Appends the bytes [start, end). Of a piece that is larger than half of `limitBytes` the tail is kept, and nothing from before, so that
   * there is never a gap.
   */
  push(meta: ChunkMeta, bytes: Buffer, start: number, end: number, limitBytes: number): void {
    const segmentBytes = limitBytes >>> 1;
    const room = Math.min(maxLength, segmentBytes - leadBytes - headerBytes);
    if (room < 0) return;
    const from = Math.max(start, end - room);
    if (from > start) this.#clear();
    else if (this.#extend(meta, bytes, start, end)) return;
    this.#makeRoom(headerBytes + end - from, segmentBytes);
    const segment = this.#newer;
    const at = segment.length;
    segment.bytes.writeDoubleLE(meta.atEpochMs, at);
    segment.bytes.writeUInt32LE(meta.streamId, at + 8);
    const starts = meta.startsLine && from === start ? startsLineFlag : 0;
    segment.bytes.writeUInt32LE(end - from + starts + (meta.endsStream ? endsStreamFlag : 0), at + 12);
    bytes.copy(segment.bytes, at + headerBytes, from, end);
    segment.length = at + headerBytes + end - from;
    this.#last = at;
  }

  /** Gives out what there is, oldest first. */
  each(onChunk: OnChunk): void {
    for (const { bytes, length } of [this.#older, this.#newer]) {
      for (let at = leadBytes; at < length;) {
        const start = at + headerBytes;
        const word = bytes.readUInt32LE(at + 12);
        const end = start + (word & maxLength);
        const meta = {
          streamId: bytes.readUInt32LE(at + 8),
          startsLine: (word & startsLineFlag) !== 0,
          endsStream: (word & endsStreamFlag) !== 0,
          atEpochMs: bytes.readDoubleLE(at),
        };
        onChunk(meta, bytes, start, end);
        at = end;
      }
    }
  }

  /** Keeps only what a lower limit leaves room for. */
  shrink(limitBytes: number): void {
    if (Math.max(this.#older.bytes.length, this.#newer.bytes.length) <= limitBytes >>> 1) return;
    const smaller = new RecentChunks(this.#allocate);
    this.each((meta, bytes, start, end) => smaller.push(meta, bytes, start, end, limitBytes));
    this.#older = smaller.#older;
    this.#newer = smaller.#newer;
    this.#last = smaller.#last;
  }

  /** Puts it behind the last piece, when that is of the same stream and the same time. */
  #extend(meta: ChunkMeta, bytes: Buffer, start: number, end: number): boolean {
    const { bytes: segment, length } = this.#newer;
    const at = this.#last;
    if (at < 0 || meta.endsStream || length + end - start > segment.length) return false;
    const isSame = segment.readUInt32LE(at + 8) === meta.streamId && segment.readDoubleLE(at) === meta.atEpochMs;
    const word = segment.readUInt32LE(at + 12);
    if (!isSame || (word & endsStreamFlag) !== 0 || (word & maxLength) + end - start > maxLength) return false;
    bytes.copy(segment, length, start, end);
    segment.writeUInt32LE(word + end - start, at + 12);
    this.#newer.length = length + end - start;
    return true;
  }

  #makeRoom(neededBytes: number, segmentBytes: number): void {
    if (this.#newer.length + neededBytes > segmentBytes) this.#rotate();
    const { bytes, length } = this.#newer;
    if (length + neededBytes <= bytes.length) return;
    const grown = Math.max(leastBytes, 2 * bytes.length, length + neededBytes);
    this.#newer.bytes = this.#allocate(Math.min(segmentBytes, grown));
    bytes.copy(this.#newer.bytes, 0, 0, length);
  }

  #rotate(): void {
    [this.#older, this.#newer] = [this.#newer, this.#older];
    this.#newer.length = leadBytes;
  }

  #clear(): void {
    this.#older.length = leadBytes;
    this.#newer.length = leadBytes;
  }
}
