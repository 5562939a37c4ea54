/**
 * FastCGI 1.0, the web server's side: requests to a responder, one at a time on a connection, so that their id is always 1 (0 is
 * reserved for records about the connection itself).
 */

/** The types of the records that pm sends or hears. */
export const recordType = {
  beginRequest: 1,
  abortRequest: 2,
  endRequest: 3,
  params: 4,
  stdin: 5,
  stdout: 6,
  stderr: 7,
} as const;

export const fastcgiVersion = 1;
export const requestId = 1;
export const headerBytes = 8;

/**
 * Most content of one record. 65,535 would fit, but would need a byte of padding, and PHP refuses parameters whose content and padding are
 * longer than 65,535 together.
 */
export const maxContentBytes = 65_528;

/** One record to send. */
export interface FastcgiRecord {
  readonly type: number;
  /** At most `maxContentBytes`. */
  readonly content: Uint8Array;
}

const empty = new Uint8Array(0);
const responderRole = 1;
const keepConnection = 1;

/** Begins a request to a responder, after which the server is to keep the connection. */
export const beginRequest: FastcgiRecord = {
  type: recordType.beginRequest,
  content: Uint8Array.of(0, responderRole, keepConnection, 0, 0, 0, 0, 0),
};

/** Asks the server to break off the request. */
export const abortRequest: Uint8Array = encodeRecords([{ type: recordType.abortRequest, content: empty }]);

/** A whole stream of this type: its content in as many records as it takes, and the empty one that ends it. */
export function streamRecords(type: number, content: Uint8Array): readonly FastcgiRecord[] {
  const records: FastcgiRecord[] = [];
  for (let at = 0; at < content.length; at += maxContentBytes) {
    records.push({ type, content: content.subarray(at, at + maxContentBytes) });
  }
  return [...records, { type, content: empty }];
}

/** The records as they are sent, each padded to a multiple of eight bytes. */
export function encodeRecords(records: readonly FastcgiRecord[]): Uint8Array {
  const bytes = new Uint8Array(records.reduce((sum, { content }) => sum + headerBytes + padded(content.length), 0));
  let at = 0;
  for (const { type, content } of records) {
    const { length } = content;
    const padding = padded(length) - length;
    bytes.set([fastcgiVersion, type, 0, requestId, length >> 8, length & 0xff, padding, 0], at);
    bytes.set(content, at + headerBytes);
    at += headerBytes + length + padding;
  }
  return bytes;
}

function padded(length: number): number {
  return (length + 7) & ~7;
}
