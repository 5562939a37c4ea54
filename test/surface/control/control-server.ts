import { afterEach } from "bun:test";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type ControlServer, startControl } from "../../../src/surface/control/server.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { FakePorts } from "./fake-ports.ts";

const running: ControlServer[] = [];
const sockets: Socket[] = [];
const folders: Disposable[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(running.splice(0).map((server) => server.stop()));
  for (const folder of folders.splice(0)) folder[Symbol.dispose]();
});

/** A control server of a fake farm; it ends with the test. */
export async function serve(ports = new FakePorts()) {
  const bugs: unknown[] = [];
  const folder = temporaryFolder();
  folders.push(folder);
  const socket = join(folder.path, "pm.sock");
  const onBug = (error: unknown): void => void bugs.push(error);
  const started = await startControl({ socket, mode: 0o600, ports, version: "1.2.3", onBug });
  if (!started.ok) throw new Error(started.message);
  running.push(started.server);
  return { socket, ports, bugs, server: started.server };
}

/** Status and document of one request. */
export async function ask(unix: string, path: string, init: RequestInit = {}): Promise<readonly [number, unknown]> {
  const response = await fetch(`http://pm${path}`, { unix, ...init });
  const text = await response.text();
  return [response.status, text === "" ? null : JSON.parse(text)];
}

/** A connection that speaks for itself. */
class RawClient {
  readonly socket: Socket;
  #said = "";
  #closed = false;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.#said += String(chunk);
      this.#wake();
    });
    socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** All it was told, once that holds `text` or the server has closed. */
  async heard(text: string): Promise<string> {
    while (!this.#said.includes(text) && !this.#closed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    return this.#said;
  }

  /** All it was told, once the server has closed. */
  closed(): Promise<string> {
    return this.heard("\u0000never");
  }
}

/** Connects and sends the text as it is. */
export async function raw(path: string, text: string | Uint8Array = ""): Promise<RawClient> {
  const socket = connect(path);
  sockets.push(socket);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on("connect", resolve).on("error", reject);
  await promise;
  if (text.length > 0) socket.write(text);
  return new RawClient(socket);
}

/** Lets events of other connections come in until the condition holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(resolve);
    await promise;
  }
}
