/** What a FastCGI server of a test was asked, and what it says. */
export interface SeenRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly body: string;
  readonly flags: number;
  /** The connection it came on, counted from 1. */
  readonly connection: number;
  /** The number of records of each type. */
  readonly records: Readonly<Record<number, number>>;
  write(bytes: Uint8Array): void;
  /** STDOUT, STDERR and the end, as a well-behaved server says them. */
  answer(stdout: string, options?: { stderr?: string; applicationStatus?: number; protocolStatus?: number }): void;
  /** The connection is closed when the other side has noticed. */
  hangUp(): void;
}

interface Connection {
  readonly number: number;
  /** Whole records and the beginning of one, and what has come since, not yet enough for the rest of it. */
  unread: Buffer;
  readonly pieces: Buffer[];
  missing: number;
  params: Buffer[];
  body: Buffer[];
  flags: number;
  records: Record<number, number>;
  unwritten: Buffer;
}

/** A record with padding, as a server writes it. */
export function record(type: number, content: string | Uint8Array, { id = 1, version = 1, padding = 3 } = {}): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.from([version, type, id >> 8, id & 255, bytes.length >> 8, bytes.length & 255, padding, 0]);
  return Buffer.concat([header, bytes, Buffer.alloc(padding, 0xaa)]);
}

/** The end of a request. */
export function endRecord(applicationStatus = 0, protocolStatus = 0): Buffer {
  const content = Buffer.alloc(8);
  content.writeUInt32BE(applicationStatus >>> 0);
  content.writeUInt8(protocolStatus, 4);
  return record(3, content);
}

/** A FastCGI server on a Unix socket or a free port; whole requests, and aborts (with an empty body), are handed over as they come. */
export class FakeFastcgiServer implements Disposable {
  connections = 0;
  readonly aborts: number[] = [];
  readonly #listener: Bun.TCPSocketListener<Connection> | Bun.UnixSocketListener<Connection>;
  readonly #waiting: ((request: SeenRequest) => void)[] = [];
  readonly #seen: SeenRequest[] = [];
  readonly #abortWaiting: (() => void)[] = [];
  readonly #closeWaiting: (() => void)[] = [];

  constructor(path: string | null) {
    const socket: Bun.SocketHandler<Connection> = {
      open: (opened) => {
        const number = ++this.connections;
        opened.data = {
          number,
          unread: Buffer.alloc(0),
          pieces: [],
          missing: 0,
          params: [],
          body: [],
          flags: 0,
          records: {},
          unwritten: Buffer.alloc(0),
        };
      },
      data: (from, bytes) => this.#hear(from, bytes),
      drain: (to) => flush(to),
      close: () => this.#closeWaiting.splice(0).forEach((run) => run()),
    };
    this.#listener =
      path === null ? Bun.listen({ hostname: "127.0.0.1", port: 0, socket }) : Bun.listen({ unix: path, socket });
  }

  get port(): number {
    return "port" in this.#listener ? this.#listener.port : 0;
  }

  /** The next request that is whole. */
  next(): Promise<SeenRequest> {
    const seen = this.#seen.shift();
    return seen === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(seen);
  }

  /** Resolves at the next abort. */
  aborted(): Promise<void> {
    return new Promise((resolve) => this.#abortWaiting.push(resolve));
  }

  /** Resolves when the next connection has ended. */
  closed(): Promise<void> {
    return new Promise((resolve) => this.#closeWaiting.push(resolve));
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
  }

  #hear(socket: Bun.Socket<Connection>, bytes: Buffer): void {
    const { data } = socket;
    data.pieces.push(bytes);
    data.missing -= bytes.length;
    if (data.missing > 0) return;
    data.unread = Buffer.concat([data.unread, ...data.pieces.splice(0)]);
    for (;;) {
      const length = data.unread.length < 8 ? 0 : data.unread.readUInt16BE(4);
      const whole = data.unread.length < 8 ? 8 : 8 + length + data.unread.readUInt8(6);
      data.missing = whole - data.unread.length;
      if (data.missing > 0) return;
      const type = data.unread.readUInt8(1);
      const content = data.unread.subarray(8, 8 + length);
      data.unread = data.unread.subarray(whole);
      data.records[type] = (data.records[type] ?? 0) + 1;
      if (type === 1) data.flags = content.readUInt8(2);
      else if (type === 4) data.params.push(content);
      else if (type === 2) {
        this.aborts.push(data.number);
        this.#abortWaiting.splice(0).forEach((run) => run());
      } else if (length > 0) data.body.push(content);
      else this.#hand(socket);
    }
  }

  #hand(socket: Bun.Socket<Connection>): void {
    const { data } = socket;
    const write = (some: Uint8Array): void => {
      data.unwritten = Buffer.concat([data.unwritten, some]);
      flush(socket);
    };
    const request: SeenRequest = {
      params: decodePairs(Buffer.concat(data.params)),
      body: Buffer.concat(data.body).toString(),
      flags: data.flags,
      connection: data.number,
      records: data.records,
      write,
      answer: (stdout, { stderr = "", applicationStatus = 0, protocolStatus = 0 } = {}) => {
        const out = Buffer.from(stdout);
        const pieces: Buffer[] = stderr === "" ? [] : [record(7, stderr), record(7, "")];
        for (let at = 0; at < out.length; at += 65_535) pieces.push(record(6, out.subarray(at, at + 65_535)));
        write(Buffer.concat([...pieces, record(6, ""), endRecord(applicationStatus, protocolStatus)]));
      },
      hangUp: () => socket.shutdown(),
    };
    data.params = [];
    data.body = [];
    data.records = {};
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#seen.push(request);
    else waiting(request);
  }
}

function flush(socket: Bun.Socket<Connection>): void {
  const { data } = socket;
  if (data.unwritten.length === 0) return;
  const written = socket.write(data.unwritten);
  data.unwritten = data.unwritten.subarray(Math.max(0, written));
}

/** The pairs of a PARAMS stream. */
export function decodePairs(bytes: Buffer): Record<string, string> {
  const pairs: Record<string, string> = {};
  let at = 0;
  const length = (): number => {
    const isShort = bytes.readUInt8(at) < 128;
    const value = isShort ? bytes.readUInt8(at) : bytes.readUInt32BE(at) & 0x7f_ff_ff_ff;
    at += isShort ? 1 : 4;
    return value;
  };
  while (at < bytes.length) {
    const [nameLength, valueLength] = [length(), length()];
    const name = bytes.toString("utf8", at, at + nameLength);
    pairs[name] = bytes.toString("utf8", at + nameLength, at + nameLength + valueLength);
    at += nameLength + valueLength;
  }
  return pairs;
}
