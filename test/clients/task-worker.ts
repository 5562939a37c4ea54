import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { taskLine } from "../../src/protocol/jsonl-tasks.ts";
import { renderClient } from "../../src/clients/client-text.ts";
import { linesOf, WorkerPeer } from "../support/worker-peer.ts";
import type { ClientUnderTest } from "./driver.ts";

/** A task worker in its own interpreter, made of a client as `pm client` prints it; the test is its pm. */
export class TaskWorker implements AsyncDisposable {
  readonly peer: WorkerPeer;
  readonly #directory = mkdtempSync(join(tmpdir(), "pm-tasks-"));
  readonly #stderr = join(this.#directory, "stderr");
  readonly #lines: AsyncGenerator<string, void, undefined>;

  constructor(subject: ClientUnderTest, env: Readonly<Record<string, string>> = {}) {
    const file = join(this.#directory, subject.fileName);
    writeFileSync(file, renderClient(subject.client));
    const driver = join(import.meta.dir, "drivers", subject.driver);
    const command = ["sh", "-c", 'exec "$@" 2>"$0"', this.#stderr, subject.interpreter, driver, file];
    this.peer = new WorkerPeer(command, { env });
    this.#lines = linesOf(this.peer.child.stdout.getReader());
  }

  /** Hands tasks over, all at once. */
  send(...tasks: readonly (readonly [id: number, payload: unknown])[]): void {
    this.write(tasks.map(([id, payload]) => taskLine(id, JSON.stringify(payload))).join(""));
  }

  write(text: string): void {
    const { stdin } = this.peer.child;
    void stdin.write(text);
    void stdin.flush();
  }

  /** The next line of its stdout. */
  async line(): Promise<string> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`the worker ended: ${this.stderr()}`);
    return line.value;
  }

  /** The next answer. */
  async answer(): Promise<unknown> {
    return JSON.parse(await this.line());
  }

  /** Waits for its call to `gate`, and gives its id. */
  async call(): Promise<string> {
    const { id } = await this.peer.next(({ type }) => type === "call");
    return String(id);
  }

  /** Ends its stdin; gives what it still says and how it ends. */
  async finish(): Promise<{ readonly rest: readonly string[]; readonly exitCode: number }> {
    await this.peer.child.stdin.end();
    return this.ended();
  }

  async ended(): Promise<{ readonly rest: readonly string[]; readonly exitCode: number }> {
    const rest = await Array.fromAsync(this.#lines);
    return { rest, exitCode: await this.peer.child.exited };
  }

  stderr(): string {
    return readFileSync(this.#stderr, "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true });
  }
}
