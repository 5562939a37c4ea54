/** Larger documents are refused. */
export const maxDocumentBytes = 16 * 1024 * 1024;

/** Who takes what a program gives. */
export interface DocumentEar {
  heard(document: string): void;
  /** On one line, why there is no document. */
  failed(problem: string): void;
}

/** A way of getting documents from a program. */
export interface SourceRunner {
  start(): void;
  /** Wants a document soon; `started`: the program was not running. Never signals a process that is not there. */
  refresh(): "asked" | "started";
  /** Resolves when nothing of it is left; nothing is heard any more. */
  stop(): Promise<void>;
}

/** Text of bytes, without a byte order mark; null when they are not UTF-8. */
export function documentOf(chunks: readonly Uint8Array[]): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    return null;
  }
}
