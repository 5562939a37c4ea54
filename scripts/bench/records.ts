import { closeSync, constants, openSync, readSync } from "node:fs";
import { nowNs, waitReadable } from "./kernel.ts";

/** A note of a worker about itself (reference/worker.c). */
export interface WorkerRecord {
  readonly atNs: number;
  readonly pid: number;
  /** S first instruction, E about to end, T saw TERM, L wrote so many lines, B so many bytes. */
  readonly kind: string;
  readonly value: number;
}

const recordBytes = 24;

/** The whole records at the start of the bytes. */
export function parseRecords(bytes: Buffer): readonly WorkerRecord[] {
  return Array.from({ length: Math.floor(bytes.length / recordBytes) }, (_, index) => {
    const at = index * recordBytes;
    return {
      atNs: Number(bytes.readBigUInt64LE(at)),
      pid: bytes.readUInt32LE(at + 8),
      kind: String.fromCodePoint(bytes.readUInt32LE(at + 12)),
      value: Number(bytes.readBigUInt64LE(at + 16)),
    };
  });
}

/** Microseconds from each end to the start that followed, of one worker. */
export function restartGapsUs(records: readonly WorkerRecord[]): readonly number[] {
  const gaps: number[] = [];
  let endedNs: number | null = null;
  for (const { kind, atNs } of records) {
    if (kind === "E") endedNs = atNs;
    if (kind !== "S" || endedNs === null) continue;
    gaps.push((atNs - endedNs) / 1000);
    endedNs = null;
  }
  return gaps;
}

/** What workers note into a FIFO, as it comes. */
export class RecordPipe {
  readonly #readFd: number;
  #writeFd: number | null;
  readonly #bytes = Buffer.alloc(recordBytes * 2048);

  /** The FIFO must be there. Until `letGo` it is held open, so that it does not end while no worker runs. */
  constructor(path: string) {
    this.#readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#writeFd = openSync(path, constants.O_WRONLY);
  }

  /** What has come, at the latest after `timeoutMs`; null when it was let go and all workers are gone. */
  next(timeoutMs: number): readonly WorkerRecord[] | null {
    if (!waitReadable(this.#readFd, timeoutMs)) return [];
    const got = readSync(this.#readFd, this.#bytes); // whole records: a FIFO keeps what one write(2) wrote together
    return got === 0 ? null : parseRecords(this.#bytes.subarray(0, got));
  }

  /** All records until `count` of a kind are among them, or the time is over. */
  until(kind: string, count: number, timeoutMs: number): readonly WorkerRecord[] {
    const seen: WorkerRecord[] = [];
    const endNs = nowNs() + timeoutMs * 1e6;
    for (let missing = count; missing > 0 && nowNs() < endNs;) {
      const came = this.next((endNs - nowNs()) / 1e6) ?? [];
      seen.push(...came);
      missing -= came.filter((record) => record.kind === kind).length;
    }
    return seen;
  }

  /** From now on the FIFO ends with the last worker. */
  letGo(): void {
    if (this.#writeFd !== null) closeSync(this.#writeFd);
    this.#writeFd = null;
  }

  close(): void {
    this.letGo();
    closeSync(this.#readFd);
  }
}
