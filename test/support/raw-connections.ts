import { connect, type Socket } from "node:net";

/** More at once than this, and the kernel refuses some. */
const portion = 100;

/** Connections to a Unix socket that say what they are told to and read nothing; they end with the block. */
export class RawConnections implements Disposable {
  readonly sockets: Socket[] = [];
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** So many more, each of which says the text. */
  async open(count: number, text: string | Uint8Array = ""): Promise<void> {
    for (let left = count; left > 0; left -= portion) {
      await Promise.all(Array.from({ length: Math.min(left, portion) }, () => this.#connect(text)));
    }
  }

  /** All of them leave. */
  close(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #connect(text: string | Uint8Array): Promise<void> {
    const socket = connect(this.#path);
    this.sockets.push(socket);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.on("connect", resolve).on("error", reject);
    await promise;
    socket.pause();
    if (text.length > 0) socket.write(text);
  }
}
