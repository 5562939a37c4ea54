import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConsumerText } from "./farm-file.ts";

const worker = join(import.meta.dir, "../fixtures/folder-worker.sh");

/** What a question for the depth is answered with, when not with the truth. */
export type FalseAnswer = () => Response | Promise<Response>;

/** Messages in a folder for workers of test/fixtures/folder-worker.sh, and their number for a queue source of kind `http`. */
export class FolderQueue implements AsyncDisposable {
  /** Answers questions for the depth instead of the queue; null: the queue does. */
  answer: FalseAnswer | null = null;
  /** Questions for the depth so far. */
  questions = 0;
  readonly #parent = mkdtempSync(join(tmpdir(), "pm-queue-"));
  readonly #folder: string;
  readonly #server: Bun.Server<undefined>;
  #put = 0;

  /** The name is the transport of its messages. */
  constructor(name: string) {
    this.#folder = join(this.#parent, name);
    mkdirSync(this.#folder);
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => {
        this.questions += 1;
        return this.answer?.() ?? Response.json({ depth: readdirSync(this.#folder).length });
      },
    });
  }

  /** The consumer of this queue, but for its size. */
  get consumer(): ConsumerText {
    return { command: ["sh", worker], env: { QUEUE: this.#folder }, ready: "protocol" };
  }

  /** As in `queues` of pm.yaml; `userInfo`, as `user:secret@`, is for a test of what becomes of it. */
  source(userInfo = ""): ConsumerText {
    return { http: `http://${userInfo}127.0.0.1:${this.#server.port}/`, path: "depth" };
  }

  /** Puts so many messages in, and gives their names. Each takes so many seconds, or as long as nobody calls `release`. */
  put(count: number, seconds: number | "held"): string[] {
    return Array.from({ length: count }, () => {
      const name = `message-${this.#put++}`;
      writeFileSync(join(this.#parent, name), `${seconds}\n`);
      renameSync(join(this.#parent, name), join(this.#folder, name)); // whole, or not there
      return name;
    });
  }

  /** Lets all go on that hold a message. */
  release(): void {
    writeFileSync(`${this.#folder}.release`, "");
  }

  /** Names of the messages that are done, in order; twice what was done twice. */
  done(): string[] {
    const ledger = `${this.#folder}.ledger`;
    return existsSync(ledger) ? readFileSync(ledger, "utf8").split("\n").slice(0, -1) : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
    rmSync(this.#parent, { recursive: true });
  }
}
