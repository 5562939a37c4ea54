import { chownSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { missing } from "../support/needs.ts";
import { linesOf } from "../support/worker-peer.ts";

/** PostgreSQL does not run as root; this is whom it runs as then. */
const nobody = 65_534;

const program = Bun.which("postgres");
const bin = program === null ? "" : dirname(realpathSync(program));

/** Why there is no PostgreSQL to test with; null when there is one. */
export const noPostgres = missing("postgres") ?? (existsSync(join(bin, "initdb")) ? null : "not installed: initdb");

/** A PostgreSQL of its own for one test file, on the loopback, with user `app`, password `hunter2` and database `postgres`. */
export class PostgresServer implements AsyncDisposable {
  readonly url: string;
  readonly #directory: string;
  readonly #child: Bun.Subprocess<"ignore", "ignore", "pipe">;

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.url = `postgres://app:hunter2@127.0.0.1:${port}/postgres`;
    const settings = ["-D", join(directory, "data"), "-p", String(port), "-k", directory, "-F"];
    this.#child = Bun.spawn([join(bin, "postgres"), ...settings], {
      stdio: ["ignore", "ignore", "pipe"],
      ...placeAndUser(directory),
    });
  }

  /** Resolves when it accepts connections. */
  static async start(): Promise<PostgresServer> {
    const directory = mkdtempSync(join(tmpdir(), "pm-postgres-"));
    const passwordFile = join(directory, "password");
    writeFileSync(passwordFile, "hunter2");
    if (process.getuid?.() === 0) chownSync(directory, nobody, nobody);
    const settings = [
      "-D",
      join(directory, "data"),
      "-U",
      "app",
      `--pwfile=${passwordFile}`,
      "-A",
      "scram-sha-256",
      "-N",
    ];
    const made = Bun.spawn([join(bin, "initdb"), ...settings], {
      stdio: ["ignore", "ignore", "pipe"],
      ...placeAndUser(directory),
    });
    if ((await made.exited) !== 0) throw new Error(`initdb failed: ${await made.stderr.text()}`);
    const server = new PostgresServer(directory, freePort());
    const log: string[] = [];
    for await (const line of linesOf(server.#child.stderr.getReader())) {
      if (line.includes("ready to accept connections")) return server;
      log.push(line);
    }
    throw new Error(`postgres did not start:\n${log.join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGQUIT");
    await this.#child.exited;
    rmSync(this.#directory, { recursive: true });
  }
}

function placeAndUser(directory: string): { cwd: string; uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { cwd: directory, uid: nobody, gid: nobody } : { cwd: directory };
}

function freePort(): number {
  using listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  return listener.port;
}
