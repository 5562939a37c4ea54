import { dlopen } from "bun:ffi";
import { closeSync, writeSync } from "node:fs";
import { socketPair } from "../../src/system/libc.ts";

const { symbols: libc } = dlopen("libc.so.6", { shutdown: { args: ["i32", "i32"], returns: "i32" } });
const SHUT_RDWR = 2;

/** One object a worker sent on its protocol descriptor. */
export type Frame = Readonly<Record<string, unknown>>;

/** What is used of the reader of a stream of bytes. */
export interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

interface Waiter {
  readonly matches: (frame: Frame) => boolean;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The manager's side of the worker protocol, for tests: starts a program with a real socket as descriptor 3 and PM_IPC_FD set,
 * and collects the frames it sends. A line that is not JSON fails the test that reads on.
 */
export class WorkerPeer implements AsyncDisposable {
  readonly child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  /** Every frame so far, in the order of arrival. */
  readonly frames: Frame[] = [];
  /** Settles at the end of the descriptor: the worker is gone, or `hangUp` was called. */
  readonly closed: Promise<void>;

  readonly #fd: number;
  #seen = 0;
  #waiter: Waiter | null = null;
  #end: Error | null = null;

  constructor(
    command: readonly string[],
    options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
  ) {
    const { ours, theirs } = socketPair();
    this.#fd = ours;
    this.child = Bun.spawn([...command], {
      stdio: ["pipe", "pipe", "inherit", theirs],
      env: { ...process.env, PM_IPC_FD: "3", ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    closeSync(theirs);
    this.closed = this.#collect(Bun.file(ours).stream().getReader());
  }

  /** The first frame not returned before that matches; waits for it. Rejects when the worker is gone without having sent one. */
  next(matches: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((resolve, reject) => {
      this.#waiter = { matches, resolve, reject };
      this.#settle();
    });
  }

  /** Tells the worker something, as pm does. */
  send(frame: Frame): void {
    this.write(`${JSON.stringify(frame)}\n`);
  }

  /** Sends bytes that need not be a whole frame. */
  write(bytes: string | Uint8Array): void {
    writeSync(this.#fd, typeof bytes === "string" ? Buffer.from(bytes) : bytes);
  }

  /** Ends the connection as the manager's death would: the worker sees it from the moment this returns. */
  hangUp(): void {
    // Closing would not do: the stream holds a descriptor of its own, and closes it at a time of its own.
    libc.shutdown(this.#fd, SHUT_RDWR);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.exited;
    this.hangUp(); // what the worker started may still hold its end
    await this.closed;
    closeSync(this.#fd);
  }

  async #collect(reader: ByteReader): Promise<void> {
    try {
      for await (const line of linesOf(reader)) {
        this.frames.push(JSON.parse(line));
        this.#settle();
      }
      this.#end = new Error("the worker is gone");
    } catch (error) {
      // A worker that ends with unread pings resets the connection: an end like any other.
      this.#end = error instanceof Error ? error : new Error(String(error));
    }
    this.#settle();
  }

  #settle(): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    while (this.#seen < this.frames.length) {
      const frame = this.frames[this.#seen++];
      if (frame !== undefined && waiter.matches(frame)) {
        this.#waiter = null;
        waiter.resolve(frame);
        return;
      }
    }
    if (this.#end !== null) {
      this.#waiter = null;
      waiter.reject(this.#end);
    }
  }
}

/** The lines of a byte stream, without their newlines; what follows the last newline is left out. */
export async function* linesOf(reader: ByteReader): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let unread = "";
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const lines = (unread + decoder.decode(chunk.value, { stream: true })).split("\n");
    unread = lines.pop() ?? "";
    yield* lines;
  }
}
