import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linesOf } from "./worker-peer.ts";

/** A redis-server of its own for one test file: on a Unix socket in a fresh folder, nothing kept on disk. */
export class RedisServer implements AsyncDisposable {
  /** As Symfony Messenger and php-redis take it. */
  readonly dsn: string;
  readonly #directory: string;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;

  private constructor(directory: string) {
    const socket = join(directory, "redis.sock");
    this.#directory = directory;
    this.dsn = `redis://${socket}`;
    // Messenger waits 1 ms for a message, but an idle server ends such a wait only when its own clock ticks: 10 times a second by default.
    const settings = ["--hz", "500", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory];
    this.#child = Bun.spawn(["redis-server", ...settings], { stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Resolves when it accepts connections. */
  static async start(): Promise<RedisServer> {
    const server = new RedisServer(mkdtempSync(join(tmpdir(), "pm-redis-")));
    const log: string[] = [];
    for await (const line of linesOf(server.#child.stdout.getReader())) {
      if (/ready to accept connections/i.test(line)) return server;
      log.push(line);
    }
    throw new Error(`redis-server did not start:\n${log.join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    rmSync(this.#directory, { recursive: true });
  }
}
