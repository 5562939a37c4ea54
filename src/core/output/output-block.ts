/** Below this many bytes a loop is faster than a call of the native copy. */
const SHORT_COPY_BYTES = 16;

/**
 * A run of memory that finished lines are put into, one behind the other. The caller sees to it that there is room before
 * it puts anything, takes `bytes` up to `length` away, and sets `length` back to 0 or gives other `bytes`.
 */
export class OutputBlock {
  bytes: Buffer;
  /** Bytes in use. */
  length = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  putByte(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  put(piece: Uint8Array): void {
    this.bytes.set(piece, this.length);
    this.length += piece.length;
  }

  /** Takes characters below U+0080 only. */
  putAscii(text: string): void {
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i);
  }

  /** Appends the bytes [start, end) of `from`, which is other memory. */
  copy(from: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length < SHORT_COPY_BYTES) for (let i = 0; i < length; i++) this.bytes[this.length + i] = from[start + i]!;
    else from.copy(this.bytes, this.length, start, end);
    this.length += length;
  }
}
