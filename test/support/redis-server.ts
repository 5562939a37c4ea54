import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisClient } from "bun";
import { linesOf } from "./worker-peer.ts";

/** A redis-server of its own for one test file: on a Unix socket in a fresh folder, nothing kept on disk. */
export class RedisServer implements AsyncDisposable {
  /** As Symfony Messenger and php-redis take it. */
  readonly dsn: string;
  readonly #directory: string;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;

  private constructor(directory: string, socket: string) {
    this.#directory = directory;
    this.dsn = `redis://${socket}`;
    // Messenger waits 1 ms for a message, but an idle server ends such a wait only when its own clock ticks: 10 times a second by default.
    const settings = ["--hz", "500", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory];
    this.#child = Bun.spawn(["redis-server", ...settings], { stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Resolves when it accepts connections, on a socket at a path of its own or at the given one. */
  static async start(socket?: string): Promise<RedisServer> {
    const directory = mkdtempSync(join(tmpdir(), "pm-redis-"));
    const server = new RedisServer(directory, socket ?? join(directory, "redis.sock"));
    const log: string[] = [];
    for await (const line of linesOf(server.#child.stdout.getReader())) {
      if (/ready to accept connections/i.test(line)) return server;
      log.push(line);
    }
    throw new Error(`redis-server did not start:\n${log.join("\n")}`);
  }

  /** One command, on a connection of its own. */
  async send(command: string, ...args: readonly string[]): Promise<unknown> {
    const client = new RedisClient(this.dsn.replace("redis:", "redis+unix:"));
    try {
      return await client.send(command, [...args]);
    } finally {
      client.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    rmSync(this.#directory, { recursive: true });
  }
}
