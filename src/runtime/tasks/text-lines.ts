/** Who hears the lines. */
export interface LineHearer {
  /** Without its newline. */
  line(line: string): void;
  /** A line was longer than allowed, and is skipped; how it began. */
  tooLong(start: string): void;
}

/** How much of a line that is too long is told. */
const startLength = 200;

/** Chunks of UTF-8 to lines of text, in memory that a line without an end cannot exhaust. Bytes that are no UTF-8 become U+FFFD. */
export class TextLines {
  readonly #decoder = new TextDecoder();
  readonly #maxLength: number;
  readonly #hearer: LineHearer;
  /** The line so far, piece by piece: putting it together for each chunk would take the square of its length. */
  #pieces: string[] = [];
  #length = 0;
  #skipping = false;

  /** A line may be `maxLength` characters long. */
  constructor(maxLength: number, hearer: LineHearer) {
    this.#maxLength = maxLength;
    this.#hearer = hearer;
  }

  push(chunk: Uint8Array): void {
    const text = this.#decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      this.#add(text.slice(start, end));
      this.#finish();
      start = end + 1;
    }
    if (start < text.length) this.#add(start === 0 ? text : text.slice(start));
  }

  /** Nothing more will come: what has no newline is a line as well. */
  end(): void {
    this.#add(this.#decoder.decode());
    if (this.#length > 0) this.#finish();
  }

  #add(piece: string): void {
    if (this.#skipping) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length <= this.#maxLength) return;
    this.#skipping = true;
    this.#hearer.tooLong(this.#take().slice(0, startLength));
  }

  #finish(): void {
    const line = this.#take();
    if (this.#skipping) this.#skipping = false;
    else this.#hearer.line(line);
  }

  #take(): string {
    const line = this.#pieces.length === 1 ? (this.#pieces[0] ?? "") : this.#pieces.join("");
    this.#pieces = [];
    this.#length = 0;
    return line;
  }
}
