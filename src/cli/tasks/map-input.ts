import { fstatSync, openSync, read } from "node:fs";
import { promisify } from "node:util";

const LF = 10;
const chunkBytes = 128 * 1024;
/** Of a stdin that somebody has made not to block. */
const againMs = 10;

const readSome = promisify(read);

/** What is to be done, in the lines it comes in. Read no faster than asked for. */
export class MapInput {
  readonly #fd: number;
  #toSkip: number;
  #endsMidLine = false;
  /** Of the whole file; null where the end is not known. */
  readonly sizeBytes: number | null;
  /** Read until now, skipped ones among them; at the end the last line, too, when it lacks its newline. */
  lines = 0;
  bytes = 0;

  /** The first `skip` lines are left out. */
  constructor(fd: number, skip: number) {
    const stat = fstatSync(fd);
    this.#fd = fd;
    this.#toSkip = skip;
    this.sizeBytes = stat.isFile() ? stat.size : null;
  }

  /** Lines that are still to be skipped. */
  get missing(): number {
    return this.#toSkip;
  }

  /** The next bytes, which are the caller's; null at the end; a text says why they cannot be read. */
  async read(): Promise<Buffer | string | null> {
    for (;;) {
      const buffer = Buffer.allocUnsafeSlow(chunkBytes);
      try {
        const { bytesRead } = await readSome(this.#fd, buffer, 0, chunkBytes, null);
        if (bytesRead === 0) return this.#end();
        const rest = this.#skip(buffer.subarray(0, bytesRead));
        if (rest.length > 0) return rest;
      } catch (error) {
        const code = codeOf(error);
        if (code !== "EAGAIN") return code;
        await Bun.sleep(againMs);
      }
    }
  }

  #end(): null {
    if (this.#endsMidLine) this.lines++;
    if (this.#endsMidLine && this.#toSkip > 0) this.#toSkip--;
    this.#endsMidLine = false;
    return null;
  }

  #skip(bytes: Buffer): Buffer {
    this.bytes += bytes.length;
    this.#endsMidLine = bytes.at(-1) !== LF;
    let from = 0;
    for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) {
      this.lines++;
      if (this.#toSkip === 0) continue;
      this.#toSkip--;
      from = at + 1;
    }
    return this.#toSkip > 0 ? bytes.subarray(0, 0) : bytes.subarray(from);
  }
}

/** A descriptor, or why there is none. */
export function openInput(path: string): number | string {
  try {
    const fd = openSync(path, "r");
    return fstatSync(fd).isDirectory() ? "EISDIR" : fd;
  } catch (error) {
    return codeOf(error);
  }
}

/** The code of a failed call of the system. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
