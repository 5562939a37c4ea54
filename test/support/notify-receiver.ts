import { join } from "node:path";
import { Lines } from "./pm-process.ts";

/** A service manager that only listens. `await using` ends it. */
export class NotifyReceiver {
  readonly #process: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly #lines: Lines;

  private constructor(address: string) {
    const program = join(import.meta.dir, "..", "fixtures", "notify-receiver.ts");
    this.#process = Bun.spawn([process.execPath, program, address], { stdio: ["ignore", "pipe", "inherit"] });
    this.#lines = new Lines(this.#process.stdout);
  }

  /** Listens on a path, or on `@` and a name. */
  static async on(address: string): Promise<NotifyReceiver> {
    const receiver = new NotifyReceiver(address);
    await receiver.#lines.find((line) => line === "bound", "that it listens");
    return receiver;
  }

  /** All messages so far. */
  get messages(): string[] {
    return this.#lines.all.slice(1).map((line): string => String(JSON.parse(line)));
  }

  /** Waits until `wanted` messages, old and new, hold this text. */
  async hears(text: string, wanted = 1): Promise<void> {
    await this.#lines.count((line) => line !== "bound" && String(JSON.parse(line)).includes(text), wanted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }
}
