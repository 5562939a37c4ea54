import type { FastcgiAddress } from "../../core/farm/tasks-spec.ts";

/** What becomes of a connection. Nothing is heard before the constructor has returned, nor after `drop`. */
export interface ConnectionOwner {
  opened(): void;
  /** The bytes may be overwritten afterwards. */
  heard(bytes: Uint8Array): void;
  /** Once, at the end: the other side closed it, or it could not be made; `why` is a phrase. */
  over(why: string, wasOpen: boolean): void;
}

/** A connection to a FastCGI server, made at once. What is written waits here until the server takes it. */
export class FastcgiConnection {
  readonly #owner: ConnectionOwner;
  #socket: Bun.Socket | null = null;
  /** Not written yet. */
  #unwritten: Uint8Array[] = [];
  #state: "connecting" | "open" | "over" = "connecting";

  constructor(address: FastcgiAddress, owner: ConnectionOwner) {
    this.#owner = owner;
    const end = (why: string): void => this.#end(why);
    const socket: Bun.SocketHandler<undefined> = {
      open: (opened) => this.#open(opened),
      data: (_, bytes) => {
        if (this.#state === "open") this.#owner.heard(bytes);
      },
      drain: () => this.#flush(),
      end: () => end("the server closed the connection"),
      close: () => end("the server closed the connection"),
      error: (_, error) => end(brokenText(error)),
    };
    connect(address, socket).catch((error: unknown) => end(refusalText(error)));
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Whether all has been handed to the kernel. */
  get isFlushed(): boolean {
    return this.#unwritten.length === 0;
  }

  /** Whole records only. The bytes must not change any more. */
  write(bytes: Uint8Array): void {
    this.#unwritten.push(bytes);
    if (this.#unwritten.length === 1) this.#flush();
  }

  /** Closes it at once, whatever is under way. */
  drop(): void {
    this.#state = "over";
    this.#unwritten = [];
    this.#socket?.terminate();
  }

  #open(socket: Bun.Socket): void {
    this.#socket = socket;
    if (this.#state === "over") {
      socket.terminate();
      return;
    }
    this.#state = "open";
    socket.setNoDelay(true);
    this.#owner.opened();
    this.#flush();
  }

  #flush(): void {
    if (this.#state !== "open" || this.#socket === null) return;
    for (let [first] = this.#unwritten; first !== undefined; [first] = this.#unwritten) {
      const written = Math.max(0, this.#socket.write(first)); // below 0 it is closed, which is told by itself
      if (written < first.length) {
        this.#unwritten[0] = first.subarray(written);
        return;
      }
      this.#unwritten.shift();
    }
  }

  #end(why: string): void {
    if (this.#state === "over") return;
    const wasOpen = this.#state === "open";
    this.drop();
    this.#owner.over(why, wasOpen);
  }
}

/** Rejects even where Bun would throw. */
async function connect(address: FastcgiAddress, socket: Bun.SocketHandler<undefined>): Promise<void> {
  await (address.kind === "unix"
    ? Bun.connect({ unix: address.path, socket })
    : Bun.connect({ hostname: address.host, port: address.port, socket }));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

function brokenText(error: unknown): string {
  const code = codeOf(error);
  return code === "ECONNRESET" || code === "EPIPE"
    ? "the server closed the connection"
    : `the connection broke: ${code}`;
}

function refusalText(error: unknown): string {
  const code = codeOf(error);
  const words: Readonly<Record<string, string>> = {
    ENOENT: "there is no such socket",
    ECONNREFUSED: "nobody listens there, or too many wait to be let in", // what Bun calls a full backlog too
    EACCES: "pm may not use this socket",
    ENOTFOUND: "no such host",
    EINVAL: "no address of a socket",
  };
  const text = words[code];
  return text === undefined ? code : `${text} (${code})`;
}
