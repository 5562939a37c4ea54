import { enlargePipe } from "../system/libc.ts";

/** A read that gives so much has found the pipe full, for one holds 64 KiB at first: its writer was waiting. */
const fullBytes = 48 * 1024;
/** So many in a row are no burst. */
const fullReadsInRow = 8;
const roomyBytes = 256 * 1024;
/** Together they take 16 MiB of the kernel: an ordinary user has 64 for all pipes, and gets only tiny ones beyond that. */
const maxRoomyPipes = 64;

/**
 * Gives more room to the pipes of workers that write faster than they are read. With a small one the writer and its reader take turns, and
 * each turn costs both a sleep and a wake-up, which is more than all the rest of the work.
 */
export class PipeRoom {
  readonly #enlarge: (fd: number, bytes: number) => void;
  /** By descriptor, how many reads in a row have found it full. */
  readonly #fullReads = new Map<number, number>();
  readonly #roomy = new Set<number>();

  constructor(enlarge = enlargePipe) {
    this.#enlarge = enlarge;
  }

  /** A read has given so much. */
  heard(fd: number, bytes: number): void {
    if (bytes < fullBytes) {
      this.#fullReads.delete(fd);
      return;
    }
    const reads = (this.#fullReads.get(fd) ?? 0) + 1;
    this.#fullReads.set(fd, reads);
    if (reads < fullReadsInRow || this.#roomy.size === maxRoomyPipes || this.#roomy.has(fd)) return;
    this.#roomy.add(fd);
    this.#enlarge(fd, roomyBytes);
  }

  /** It is read no more. */
  forget(fd: number): void {
    this.#fullReads.delete(fd);
    this.#roomy.delete(fd);
  }
}
