import type { Socket } from "bun";
import { type AnswerEars, HttpAnswer } from "./http-answer.ts";

export interface ExchangeRequest {
  /** With its query, from `/v1/` on. */
  readonly path: string;
  readonly contentType: string;
  /** Bytes of the body; null for one that comes in chunks, as it is written. */
  readonly bytes: number | null;
}

export interface ExchangeEars extends AnswerEars {
  /** What was written has gone: there is room for more. */
  drained(): void;
  /** Once: the answer is there as a whole, or never will be. Not after `close`. */
  ended(isWhole: boolean): void;
}

/**
 * A POST whose body is written piece by piece while its answer is read: Bun's `fetch` buffers the one without bound and keeps the other until
 * the body is over. What is written before the connection is made waits for it.
 */
export class Exchange {
  readonly #ears: ExchangeEars;
  readonly #answer: HttpAnswer;
  readonly #isChunked: boolean;
  #socket: Socket | null = null;
  #unsent: Buffer[];
  #paused = false;
  #over = false;

  constructor(unix: string, { path, contentType, bytes }: ExchangeRequest, ears: ExchangeEars) {
    this.#ears = ears;
    this.#answer = new HttpAnswer(ears);
    this.#isChunked = bytes === null;
    const length = bytes === null ? "transfer-encoding: chunked" : `content-length: ${bytes}`;
    this.#unsent = [
      Buffer.from(`POST ${path} HTTP/1.1\r\nhost: pm\r\ncontent-type: ${contentType}\r\n${length}\r\n\r\n`),
    ];
    const gone = (): void => this.#end(false);
    Bun.connect({
      unix,
      socket: {
        open: (socket) => this.#opened(socket),
        data: (_, chunk) => this.#heard(chunk),
        drain: () => this.#send(),
        end: gone,
        close: gone,
        error: gone,
        connectError: gone,
      },
    }).catch(gone);
  }

  /** Takes the bytes, which must not change any more. False: no more should be written before `drained`. */
  write(bytes: Buffer): boolean {
    if (this.#over) return false;
    if (!this.#isChunked) this.#unsent.push(bytes);
    else if (bytes.length > 0) {
      this.#unsent.push(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, crlf]));
    }
    return this.#flush();
  }

  /** The body is whole. */
  end(): void {
    if (this.#over || !this.#isChunked) return;
    this.#unsent.push(lastChunk);
    this.#flush();
  }

  /** No answers for now; some that are on their way may still come. */
  pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket?.resume();
  }

  /** Leaves; nothing more is heard. */
  close(): void {
    this.#over = true;
    this.#unsent = [];
    this.#socket?.terminate();
  }

  #opened(socket: Socket): void {
    if (this.#over) {
      socket.terminate();
      return;
    }
    this.#socket = socket;
    if (this.#paused) socket.pause();
    this.#send();
  }

  #send(): void {
    if (!this.#over && this.#flush()) this.#ears.drained();
  }

  /** Whether all of it could be written. */
  #flush(): boolean {
    if (this.#socket === null) return false;
    for (let first = this.#unsent[0]; first !== undefined; first = this.#unsent[0]) {
      const written = this.#socket.write(first);
      if (written < 0) return false; // the end is told by the socket
      if (written < first.length) {
        this.#unsent[0] = first.subarray(written);
        return false;
      }
      this.#unsent.shift();
    }
    return true;
  }

  #heard(chunk: Buffer): void {
    if (this.#over) return;
    const makesSense = this.#answer.push(chunk);
    if (this.#answer.isWhole) this.#end(true);
    else if (!makesSense) this.#end(false);
  }

  #end(isWhole: boolean): void {
    if (this.#over) return;
    this.close();
    this.#ears.ended(isWhole);
  }
}

const crlf = Buffer.from("\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");
