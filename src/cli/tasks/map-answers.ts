/** An error in place of a result. */
export interface FailedLine {
  /** From 1, of the input. */
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

/** What some bytes of the answer have come to. */
export interface Portion {
  /** Whole lines, to be written. */
  readonly out: Buffer;
  readonly failed: readonly FailedLine[];
  /** Why nothing that follows counts: the line that ended it, which is not in `out`; or what is no answer of pm. */
  readonly stop: FailedLine | "nonsense" | null;
}

const LF = 10;
const COMMA = 44;
const ZERO = 48;
const R = 114;
const idStart = '{"id":'.length;
const resultStart = ',"result":'.length;
const nullLine = Buffer.from("null\n");

/**
 * Makes the lines of the output of the bytes of the answer. Lines are looked at only as far as it takes to tell their number and whether they
 * hold an error, and otherwise passed on as they came; only the line that is not finished is held.
 */
export class MapAnswers {
  readonly #results: boolean;
  readonly #stopsAt: (failed: FailedLine) => boolean;
  #carried: Buffer[] = [];
  #lines: number;
  #failed = 0;

  /** `lines` are there already. With `results` the output is the results alone, null for one that failed. `stopsAt` says which failure ends it all. */
  constructor(lines: number, results: boolean, stopsAt: (failed: FailedLine) => boolean) {
    this.#lines = lines;
    this.#results = results;
    this.#stopsAt = stopsAt;
  }

  /** Answered, those that were there already among them. */
  get lines(): number {
    return this.#lines;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Bytes of the line that is not finished. */
  get rest(): number {
    return this.#carried.reduce((sum, { length }) => sum + length, 0);
  }

  /** The bytes are only lent; `out` may be a part of them. */
  push(chunk: Buffer): Portion {
    const last = chunk.lastIndexOf(LF);
    if (last === -1) {
      this.#carried.push(Buffer.from(chunk));
      return { out: chunk.subarray(0, 0), failed: [], stop: null };
    }
    const whole = chunk.subarray(0, last + 1);
    const bytes = this.#carried.length === 0 ? whole : Buffer.concat([...this.#carried, whole]);
    this.#carried = last + 1 < chunk.length ? [Buffer.from(chunk.subarray(last + 1))] : [];
    return this.#read(bytes);
  }

  #read(bytes: Buffer): Portion {
    const failed: FailedLine[] = [];
    const out = this.#results ? Buffer.allocUnsafe(bytes.length) : bytes;
    let outEnd = 0;
    for (let at = 0; at < bytes.length;) {
      let behindId = at + idStart;
      let number = 0;
      for (; bytes[behindId] !== COMMA && behindId < bytes.length; behindId++)
        number = number * 10 + bytes[behindId]! - ZERO;
      if (number !== this.#lines + 1) return { out: out.subarray(0, outEnd), failed, stop: "nonsense" };
      const end = bytes.indexOf(LF, behindId);
      let written = end + 1 - at;
      if (bytes[behindId + 2] !== R) {
        const failure = readFailure(bytes.toString("utf8", at, end), number);
        if (this.#stopsAt(failure)) return { out: out.subarray(0, outEnd), failed, stop: failure };
        failed.push(failure);
        this.#failed++;
        if (this.#results) written = nullLine.copy(out, outEnd);
      } else if (this.#results) {
        const length = bytes.copy(out, outEnd, behindId + resultStart, end - 1);
        out[outEnd + length] = LF;
        written = length + 1;
      }
      this.#lines = number;
      outEnd += written;
      at = end + 1;
    }
    return { out: out.subarray(0, outEnd), failed, stop: null };
  }
}

function readFailure(text: string, line: number): FailedLine {
  const [, code = "failed"] = /"error":\{"code":"(\w+)"/u.exec(text) ?? [];
  const [, message = ""] = /"message":"((?:[^"\\]|\\.)*)"/u.exec(text) ?? [];
  return { line, code, message: unquoted(message) };
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text; // a file that another program wrote
  }
}
