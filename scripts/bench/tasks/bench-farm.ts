import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dir;
const pm = process.env["PM_BINARY"] ?? join(here, "..", "..", "..", "dist", "pm");

/** Workers of each consumer, and of each peer. */
export const workers = 2;

/** A running pm with a consumer for each way, and what the tables need of it. */
export class BenchFarm {
  readonly socket: string;
  readonly #serve: Bun.Subprocess;

  private constructor(socket: string, serve: Bun.Subprocess) {
    this.socket = socket;
    this.#serve = serve;
  }

  /** Resolves when all workers are ready. */
  static async start(folder: string): Promise<BenchFarm> {
    const socket = join(folder, "pm.sock");
    const clients = { node: join(folder, "pm-client.mjs"), php: join(folder, "pm-client.php") };
    for (const [language, path] of Object.entries(clients))
      await Bun.write(path, await printed([pm, "client", language]));
    const tasks = { protocol: "jsonl", mailbox_limit: 1_000 };
    const ready = "protocol";
    const file = join(folder, "pm.yaml");
    writeFileSync(
      file,
      JSON.stringify({
        http_server: false,
        control: { socket },
        consumers: {
          node: {
            command: ["node", join(here, "jsonl-worker.mjs")],
            env: { PM_BENCH_CLIENT: clients.node },
            processes: workers,
            ready,
            tasks,
          },
          php: {
            command: ["php", join(here, "jsonl-worker.php")],
            env: { PM_BENCH_CLIENT: clients.php },
            processes: workers,
            ready,
            tasks,
          },
          fastcgi: {
            command: ["php-cgi"],
            processes: workers,
            tasks: { protocol: "fastcgi", script: join(here, "job.php"), mailbox_limit: 1_000 },
          },
        },
      }),
    );
    const serve = Bun.spawn([pm, "serve", file], { stdio: ["ignore", "ignore", "ignore"] });
    const farm = new BenchFarm(socket, serve);
    await farm.#allReady();
    return farm;
  }

  get pid(): number {
    return this.#serve.pid;
  }

  /** The result of one task. */
  async task(consumer: string, payload: unknown): Promise<unknown> {
    const response = await fetch(`http://pm/v1/consumers/${consumer}/tasks`, {
      method: "POST",
      unix: this.socket,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ payload }),
    });
    const answer: { result?: unknown } = JSON.parse(await response.text());
    if (response.status !== 200) throw new Error(JSON.stringify(answer));
    return answer.result;
  }

  /** `pm map` on this consumer; what it prints is the caller's to read. */
  map(consumer: string) {
    return Bun.spawn([pm, "map", consumer, "--results", "--socket", this.socket], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  }

  async stop(): Promise<void> {
    this.#serve.kill("SIGTERM");
    await this.#serve.exited;
  }

  async #allReady(): Promise<void> {
    for (;;) {
      try {
        const response = await fetch("http://pm/v1/status", { unix: this.socket });
        const { consumers }: { consumers: { ready: number }[] } = JSON.parse(await response.text());
        if (consumers.every(({ ready }) => ready === workers)) return;
      } catch {
        // not there yet
      }
      await Bun.sleep(20);
    }
  }
}

async function printed(command: string[]): Promise<string> {
  return new Response(Bun.spawn(command, { stdio: ["ignore", "pipe", "inherit"] }).stdout).text();
}

/** Resident memory in MiB. */
export function residentMib(pid: number): number {
  const [, kib = "0"] = /^VmRSS:\s*(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}
