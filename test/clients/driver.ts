import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientName, renderClient } from "../../src/clients/client-text.ts";
import { linesOf, WorkerPeer } from "../support/worker-peer.ts";

/** A client as `pm client` prints it, and the program that calls it. */
export interface ClientUnderTest {
  readonly client: ClientName;
  readonly interpreter: string;
  readonly driver: string;
  readonly fileName: string;
}

/** The descriptor under which every driver finds an open file that is no socket. */
export const nullDevice = "5";

/** A client at work in its own interpreter: its methods are called one at a time, by name, from the test. */
export class Driver implements AsyncDisposable {
  readonly peer: WorkerPeer;
  readonly #directory = mkdtempSync(join(tmpdir(), "pm-client-"));
  readonly #answers: AsyncGenerator<string, void, undefined>;

  constructor(subject: ClientUnderTest, env: Readonly<Record<string, string>> = {}) {
    const file = join(this.#directory, subject.fileName);
    writeFileSync(file, renderClient(subject.client));
    const driver = join(import.meta.dir, "drivers", subject.driver);
    const command = [subject.interpreter, driver, file];
    this.peer = new WorkerPeer(["sh", "-c", `exec "$@" ${nullDevice}</dev/null`, "sh", ...command], { env });
    this.#answers = linesOf(this.peer.child.stdout.getReader());
  }

  /** Calls a method of the client (or `work`, `fail`, `burst` of the driver) and gives what it returned. */
  async call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const { stdin } = this.peer.child;
    await stdin.write(`${JSON.stringify({ call: name, args })}\n`);
    await stdin.flush();
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error(`the driver ended in ${name}`);
    return JSON.parse(answer.value);
  }

  /** Ends the driver as a worker out of work ends; gives its exit code. */
  async finish(): Promise<number> {
    await this.peer.child.stdin.end();
    return this.peer.child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true });
  }
}
