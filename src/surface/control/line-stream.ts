import { textBody } from "./text-body.ts";

/** What a reader has not taken yet, at most, in characters; beyond it documents are lost and counted. */
const maxWaiting = 262_144;

/** A stream of documents, one JSON object a line, that waits for its reader in bounded memory and never makes anybody wait. */
export class LineStream {
  /** What goes out. Begins with an empty line, because Bun sends the head of an answer only with the first bytes of its body. */
  readonly body: ReadableStream<Uint8Array>;
  /** Called once, when nothing more can be put: the reader has left, or it is the end. */
  onGone: () => void = () => {};
  /** Settles when the reader has all of it, or has left. */
  readonly read: Promise<void>;
  #waiting = "\n";
  #lost = 0;
  #ended = false;
  #wake: () => void = () => {};

  constructor() {
    const { body, read } = textBody(
      () => this.#next(),
      () => this.#cancel(),
    );
    this.body = body;
    this.read = read;
  }

  /** One document more; when the reader is too far behind, it is lost, and the reader is told how many were. */
  put(document: object): void {
    if (this.#ended) return;
    const line = `${JSON.stringify(document)}\n`;
    if (this.#waiting !== "" && this.#waiting.length + line.length > maxWaiting) {
      this.#lost += 1;
      return;
    }
    this.#waiting += this.#toldLosses() + line;
    this.#wake();
  }

  /** So many documents were lost before they came here. */
  lose(count: number): void {
    this.#lost += count;
    this.#wake();
  }

  /** No more will come; what waits can still be read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wake();
    this.onGone();
  }

  /** What waits, as soon as there is something; empty at the end. */
  async #next(): Promise<string> {
    if (this.#waiting === "" && this.#lost === 0 && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    const text = this.#waiting + this.#toldLosses();
    this.#waiting = "";
    return text;
  }

  #toldLosses(): string {
    if (this.#lost === 0) return "";
    const told = `{"lost":${this.#lost}}\n`;
    this.#lost = 0;
    return told;
  }

  #cancel(): void {
    this.#waiting = "";
    this.end();
  }
}
