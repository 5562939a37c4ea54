import { closeSync } from "node:fs";
import { pipe } from "../../src/system/libc.ts";

/** A pipe for pm to write into, which the test reads when it likes: until then it is a reader that stands still. */
export class StalledPipe {
  /** To hand to pm. */
  readonly writeFd: number;
  readonly #readFd: number;

  constructor() {
    const { readFd, writeFd } = pipe("read");
    this.writeFd = writeFd;
    this.#readFd = readFd;
  }

  /** The chunks from now on, to the end of all who hold the other side; the test's own hold on it is given up. */
  read(): ReadableStream<Uint8Array> {
    closeSync(this.writeFd);
    return Bun.file(this.#readFd).stream();
  }

  /** Goes away without having read. */
  hangUp(): void {
    closeSync(this.#readFd);
    closeSync(this.writeFd);
  }
}

/** All bytes of a stream, as text of one byte a character, so that nothing is lost. */
export async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
