/** What a CGI program writes: headers, an empty line, a body. */
export interface CgiAnswer {
  /** That of the header `Status`; 200 where it says nothing. */
  readonly status: number;
  readonly body: Uint8Array;
}

const decoder = new TextDecoder();
const LF = 10;
const CR = 13;
/** Longest headers; beyond that it is no CGI. */
export const maxHeaderBytes = 65_536;
const headerLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:/u;

/** Takes apart all of STDOUT; null when it does not begin with headers. */
export function parseCgiAnswer(stdout: Uint8Array): CgiAnswer | null {
  const end = headersEnd(stdout);
  if (end === null) return null;
  const lines = decoder.decode(stdout.subarray(0, end)).trimEnd().split(/\r?\n/u);
  if (!lines.every((line) => headerLine.test(line) || /^[ \t]/u.test(line))) return null;
  const status = lines.map((line) => /^status:\s*(\d{3})\b/iu.exec(line)?.[1]).findLast((each) => each !== undefined);
  return { status: status === undefined ? 200 : Number(status), body: stdout.subarray(end) };
}

/** Behind the empty line; null when there is none. */
function headersEnd(bytes: Uint8Array): number | null {
  const last = Math.min(bytes.length, maxHeaderBytes);
  for (let at = bytes.indexOf(LF); at >= 0 && at < last; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return null;
}
