/** What is heard of an answer. The bytes are only lent for the call. */
export interface AnswerEars {
  /** Its head has come. */
  head(status: number): void;
  body(bytes: Buffer): void;
}

const LF = 10;
const maxHeadLength = 65_536;

/** Reads one HTTP/1.1 answer from the bytes of its connection, as they come. */
export class HttpAnswer {
  readonly #ears: AnswerEars;
  /** A line of the head, or around a chunk, that is not finished. */
  #line = "";
  #headLength = 0;
  #state: "status" | "headers" | "size" | "data" | "data_end" | "trailer" | "whole" | "nonsense" = "status";
  #status = 0;
  #isChunked = false;
  /** Of the chunk, or of the body; infinite for one that ends with the connection. */
  #left = Number.POSITIVE_INFINITY;

  constructor(ears: AnswerEars) {
    this.#ears = ears;
  }

  /** All of it has come. */
  get isWhole(): boolean {
    return this.#state === "whole";
  }

  /** False when this is no HTTP. */
  push(bytes: Buffer): boolean {
    let at = 0;
    while (at < bytes.length && this.#state !== "whole" && this.#state !== "nonsense") {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        this.#ears.body(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = this.#isChunked ? "data_end" : "whole";
        continue;
      }
      const end = bytes.indexOf(LF, at);
      this.#line += bytes.toString("latin1", at, end === -1 ? bytes.length : end);
      if (end === -1) return this.#line.length <= maxHeadLength;
      at = end + 1;
      const line = this.#line.trimEnd();
      this.#line = "";
      this.#heed(line);
    }
    return this.#state !== "nonsense";
  }

  #heed(line: string): void {
    switch (this.#state) {
      case "status":
        this.#status = Number(/^HTTP\/1\.[01] (\d{3})/u.exec(line)?.[1] ?? 0);
        this.#state = this.#status === 0 ? "nonsense" : "headers";
        return;
      case "headers":
        this.#headLength += line.length;
        if (this.#headLength > maxHeadLength) this.#state = "nonsense";
        else if (line === "") this.#begin();
        else this.#header(line);
        return;
      case "size":
        this.#left = Number.parseInt(line, 16);
        if (Number.isNaN(this.#left)) this.#state = "nonsense";
        else this.#state = this.#left === 0 ? "trailer" : "data";
        return;
      case "data_end":
        this.#state = "size";
        return;
      case "trailer":
        if (line === "") this.#state = "whole";
        return;
      case "data":
      case "whole":
      case "nonsense":
    }
  }

  #header(line: string): void {
    const [, name = "", value = ""] = /^([^:]+):\s*(.*)$/u.exec(line.toLowerCase()) ?? [];
    if (name === "transfer-encoding") this.#isChunked = value.endsWith("chunked");
    if (name === "content-length") this.#left = Number(value);
  }

  #begin(): void {
    if (this.#status < 200) {
      this.#state = "status"; // only the prelude
      return;
    }
    if (this.#isChunked) this.#state = "size";
    else this.#state = this.#left === 0 ? "whole" : "data";
    this.#ears.head(this.#status);
  }
}
