import { fastcgiVersion, headerBytes, recordType, requestId } from "./fastcgi-records.ts";

/** What a server says of the request. The bytes are a view on what was read: copy them to keep them. */
export type FastcgiFact =
  | { readonly type: "stdout" | "stderr"; readonly bytes: Uint8Array }
  /** The request is over. */
  | { readonly type: "end"; readonly applicationStatus: number; readonly protocolStatus: number }
  /** It is no FastCGI from here on; `why` is a phrase. */
  | { readonly type: "broken"; readonly why: string };

const endBytes = 8;

/** Takes apart what a server sends, however it is cut. One reader serves one connection; it keeps at most a header and an end. */
export class FastcgiReader {
  readonly #header = new Uint8Array(headerBytes);
  readonly #end = new Uint8Array(endBytes);
  #headerFilled = 0;
  #endFilled = 0;
  #contentLeft = 0;
  #paddingLeft = 0;

  /** Streams come in pieces as they were read; after `broken` nothing more is to be read. */
  *read(bytes: Uint8Array): Generator<FastcgiFact, void, undefined> {
    for (let at = 0; at < bytes.length;) {
      if (this.#headerFilled < headerBytes) {
        at += fill(this.#header, this.#headerFilled, bytes, at, (filled) => (this.#headerFilled = filled));
        if (this.#headerFilled < headerBytes) return;
        const why = this.#begin();
        if (why !== null) {
          yield { type: "broken", why };
          return;
        }
      } else if (this.#contentLeft > 0) {
        const piece = bytes.subarray(at, at + this.#contentLeft);
        at += piece.length;
        this.#contentLeft -= piece.length;
        yield* this.#content(piece);
      } else {
        const skipped = Math.min(this.#paddingLeft, bytes.length - at);
        at += skipped;
        this.#paddingLeft -= skipped;
      }
      if (this.#headerFilled === headerBytes && this.#contentLeft + this.#paddingLeft === 0) this.#headerFilled = 0;
    }
  }

  /** A header is whole: what is wrong with it, or null. */
  #begin(): string | null {
    const [version = 0, type = 0, idHigh = 0, idLow = 0, lengthHigh = 0, lengthLow = 0, padding = 0] = this.#header;
    this.#contentLeft = lengthHigh * 256 + lengthLow;
    this.#paddingLeft = padding;
    this.#endFilled = 0;
    if (version !== fastcgiVersion) return `version ${version} instead of ${fastcgiVersion}`;
    const isKnown = type === recordType.stdout || type === recordType.stderr || type === recordType.endRequest;
    if (!isKnown) return `a record of type ${type}`;
    if (idHigh * 256 + idLow !== requestId) return `a record of request ${idHigh * 256 + idLow}`;
    return type === recordType.endRequest && this.#contentLeft !== endBytes ? "an end of another length" : null;
  }

  *#content(bytes: Uint8Array): Generator<FastcgiFact, void, undefined> {
    const type = this.#header[1];
    if (type === recordType.stdout) yield { type: "stdout", bytes };
    else if (type === recordType.stderr) yield { type: "stderr", bytes };
    else {
      fill(this.#end, this.#endFilled, bytes, 0, (filled) => (this.#endFilled = filled));
      if (this.#endFilled < endBytes) return;
      const view = new DataView(this.#end.buffer);
      yield { type: "end", applicationStatus: view.getUint32(0), protocolStatus: view.getUint8(4) };
    }
  }
}

/** Takes from `bytes` at `at` what `target` still has room for, tells how full it is then, and returns how many bytes that took. */
function fill(
  target: Uint8Array,
  filled: number,
  bytes: Uint8Array,
  at: number,
  tell: (filled: number) => void,
): number {
  const piece = bytes.subarray(at, at + target.length - filled);
  target.set(piece, filled);
  tell(filled + piece.length);
  return piece.length;
}
