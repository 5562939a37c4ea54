import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisClient } from "bun";
import { renderClient } from "../../src/clients/client-text.ts";
import { missing } from "./needs.ts";
import { RedisServer } from "./redis-server.ts";

const tests = join(import.meta.dir, "..");

/** Where the application of the fixture lies. */
export const applicationFolder = join(tests, "fixtures/symfony");

/** Why the Symfony Messenger application cannot run here, as a reason to skip a test; null when it can. */
export function messengerMissing(): string | null {
  const absent = missing("php", "redis-server");
  if (absent !== null) return absent;
  const loads = Bun.spawnSync(["php", join(applicationFolder, "bin/console"), "list"]).exitCode === 0;
  const speaksRedis = Bun.spawnSync(["php", "-r", 'exit((int) !extension_loaded("redis"));']).exitCode === 0;
  return loads && speaksRedis ? null : "not installed: what test/fixtures/symfony/setup.sh installs";
}

/** Jobs to be dispatched; their ids are `<prefix>-0`, `<prefix>-1`, … */
export interface Jobs {
  readonly transport: string;
  readonly count: number;
  readonly prefix: string;
  readonly behaviour: "ok" | "fail" | "crash" | "chatty";
  readonly sleepMs?: number;
}

/** The Symfony Messenger application of the fixture, with a Redis and a ledger of its own. */
export class MessengerApplication implements AsyncDisposable {
  /** What a worker needs to run; the client that `pm client php-symfony` prints is plugged in. */
  readonly env: Record<string, string>;
  readonly #folder = mkdtempSync(join(tmpdir(), "pm-messenger-"));
  readonly #server: RedisServer;
  readonly #redis: RedisClient;

  private constructor(server: RedisServer) {
    const clientFile = join(this.#folder, "pm-client.php");
    writeFileSync(clientFile, renderClient("php-symfony"));
    this.#server = server;
    this.#redis = new RedisClient(server.dsn.replace("redis:", "redis+unix:"));
    this.env = {
      MESSENGER_DSN: server.dsn,
      JOB_LEDGER: join(this.#folder, "ledger"),
      PM_CLIENT_FILE: clientFile,
      WORKER_SUBSCRIBER: join(tests, "clients/fixture-subscriber.php"),
    };
  }

  static async start(): Promise<MessengerApplication> {
    return new MessengerApplication(await RedisServer.start());
  }

  /** Dispatches them all, each kind from a program of its own, so that they come mixed. */
  async dispatch(...kinds: readonly Jobs[]): Promise<void> {
    await Promise.all(kinds.map((jobs) => this.#dispatch(jobs)));
  }

  /** Ids of the jobs that were handled, in order; twice what was handled twice. */
  ledger(): string[] {
    const file = this.env["JOB_LEDGER"] ?? "";
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  }

  /** Messages of the transport that nobody has finished: waiting, waiting for a retry, or in the hands of a worker. */
  async unfinished(transport: string): Promise<number> {
    const waiting = Number(await this.#redis.send("XLEN", [`pm_${transport}`]));
    return waiting + Number(await this.#redis.send("ZCARD", [`pm_${transport}__queue`]));
  }

  /** Those of them that a worker has taken. */
  async taken(transport: string): Promise<number> {
    const [count] = await this.#redis.send("XPENDING", [`pm_${transport}`, "pm"]);
    return Number(count);
  }

  /** Takes all messages out of the transport: none is delivered again. */
  async empty(transport: string): Promise<void> {
    const entries: readonly [string, unknown][] = await this.#redis.send("XRANGE", [`pm_${transport}`, "-", "+"]);
    for (const [id] of entries) {
      await this.#redis.send("XACK", [`pm_${transport}`, "pm", id]);
      await this.#redis.send("XDEL", [`pm_${transport}`, id]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.close();
    await this.#server[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }

  async #dispatch({ transport, count, prefix, behaviour, sleepMs = 0 }: Jobs): Promise<void> {
    const options = { transport, count, prefix, behaviour, "sleep-ms": sleepMs };
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    const { exited } = Bun.spawn(["php", "bin/console", "app:dispatch", ...args], {
      cwd: applicationFolder,
      env: { ...process.env, MESSENGER_DSN: this.#server.dsn },
    });
    if ((await exited) !== 0) throw new Error(`app:dispatch ${args.join(" ")} failed`);
  }
}

/** Ids of these jobs. */
export function idsOf({ prefix, count }: Jobs): string[] {
  return Array.from({ length: count }, (_, number) => `${prefix}-${number}`);
}
