import type { DemoMessage } from "./load.ts";

/** A worker's end of the queue; it holds one message at a time. */
export class QueueClient {
  #socket: Bun.Socket | null = null;
  #unread = "";
  #answer = Promise.withResolvers<DemoMessage | null>();

  /** Fails when nobody listens there. */
  static async connect(port: number): Promise<QueueClient> {
    const client = new QueueClient();
    client.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: { data: (_, bytes) => client.#hear(String(bytes)), close: () => client.#answer.resolve(null) },
    });
    return client;
  }

  /** The next message; null when `stop` comes first, or the queue is gone. */
  async take(transports: readonly string[], stop: AbortSignal): Promise<DemoMessage | null> {
    this.#answer = Promise.withResolvers();
    const end = (): void => this.#answer.resolve(null);
    if (stop.aborted) return null;
    stop.addEventListener("abort", end);
    this.#say(`take ${transports.join(" ")}`);
    const message = await this.#answer.promise;
    stop.removeEventListener("abort", end);
    return message;
  }

  /** The message in hand is dealt with. */
  done(): void {
    this.#say("done");
  }

  /** The message in hand is to be delivered once more. */
  again(): void {
    this.#say("again");
  }

  #say(line: string): void {
    if (this.#socket === null || this.#socket.write(`${line}\n`) < 0) this.#answer.resolve(null);
  }

  #hear(text: string): void {
    const [line, rest] = (this.#unread + text).split("\n");
    if (rest === undefined) {
      this.#unread += text;
      return;
    }
    this.#unread = "";
    this.#answer.resolve(JSON.parse(line ?? ""));
  }
}
