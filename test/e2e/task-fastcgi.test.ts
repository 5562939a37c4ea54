import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConsumerText } from "../support/farm-file.ts";
import { missing } from "../support/needs.ts";
import { fpmProgram, PhpFolder, PhpFpm, phpSettings } from "../support/php-server.ts";
import { TaskFarm, taskPool } from "../support/task-farm.ts";

const reason = missing("php-cgi", fpmProgram);
if (reason !== null) console.log(`FastCGI is not tested with PHP end to end: ${reason}`);

setDefaultTimeout(60_000); // 20 MB take their time on a busy machine

/** Two servers of PHP for one test, and a farm that hands them tasks. */
class PhpFarm implements AsyncDisposable {
  readonly pm: TaskFarm;
  readonly #folder: PhpFolder;
  readonly #fpm: PhpFpm | null;

  private constructor(folder: PhpFolder, fpm: PhpFpm | null, consumer: ConsumerText, tasks: ConsumerText) {
    this.#folder = folder;
    this.#fpm = fpm;
    const { script } = folder;
    const { command: _, ...limits } = taskPool();
    const wanted = { protocol: "fastcgi", script, mailbox_limit: 1000, ...tasks };
    this.pm = new TaskFarm({ a: { ...limits, ...consumer, tasks: wanted } });
  }

  /** Those that pm starts. */
  static supervised(args: readonly string[], more: ConsumerText = {}): PhpFarm {
    const command = ["php-cgi", ...phpSettings, ...args];
    return new PhpFarm(new PhpFolder(), null, { command, processes: 2, ...more }, {});
  }

  /** Those of a php-fpm that is there already, at this address or else at its usual socket. */
  static async existing(address: string | null, more: ConsumerText = {}): Promise<PhpFarm> {
    const folder = new PhpFolder();
    const fpm = await PhpFpm.start(folder.path, address === null ? {} : { listen: address });
    return new PhpFarm(folder, fpm, {}, { address: address ?? `unix:${fpm.socket}`, connections: 2, ...more });
  }

  /** Where a script of this number says that it runs, and as which process. */
  place(n: number): string {
    return join(this.#folder.path, `began-${n}`);
  }

  /** The process of such a script, once it runs. */
  async beganAs(n: number): Promise<number> {
    for (;;) {
      const pid = Number(readIfThere(this.place(n)));
      if (pid > 0) return pid;
      await new Promise(setImmediate);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pm[Symbol.asyncDispose]();
    await this.#fpm?.[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** php-fpm makes no free port by itself. */
function freeAddress(): string {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const address = `127.0.0.1:${server.port}`;
  server.stop(true);
  return address;
}

const isSupervised = (name: string): boolean => name.startsWith("php-cgi");

const servers: readonly (readonly [string, () => Promise<PhpFarm>])[] = [
  ["php-cgi on descriptor 0", async () => PhpFarm.supervised([])],
  ["php-cgi on a path", async () => PhpFarm.supervised(["-b", "{socket}"])],
  ["php-fpm on a Unix socket", () => PhpFarm.existing(null)],
  ["php-fpm on a port", () => PhpFarm.existing(freeAddress())],
];

describe.skipIf(reason !== null).each(servers)("%s", (name, serve) => {
  test("does 1,000 jobs of pm map, in order, and ends without being killed", async () => {
    await using php = await serve();
    const values = Array.from({ length: 1000 }, (_, n) => `Grüße ${n} 😀`);
    expect(
      await php.pm.map(
        "a",
        values.map((value) => ({ do: "echo", value })),
        "--results",
      ),
    ).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "",
      answers: values,
    });
    expect(php.pm.recorded("Worker exited.")).toEqual([]); // as PHP would after 500 requests
    expect(await php.pm.stop()).toBe(0);
    expect(php.pm.recorded("Sent SIGKILL to worker after shutdown timeout.")).toEqual([]);
  });

  test.each([200_000, 20_000_000])("takes and gives %d bytes", async (bytes) => {
    await using php = await serve();
    const value = "ü".repeat(bytes / 2);
    expect(await php.pm.post("a", { do: "length", value })).toMatchObject({ status: 200, result: bytes });
    const { status, result } = await php.pm.post("a", { do: "repeat", times: bytes / 2 });
    expect([status, result === value]).toEqual([200, true]);
  });

  test("fails a job with a fatal error, and that alone", async () => {
    await using php = await serve();
    const jobs = [1, 2, 3, 4].map((n) => (n === 2 ? { do: "undefined" } : { do: "echo", value: n }));
    const { exitCode, stderr, answers } = await php.pm.map("a", jobs);
    expect([exitCode, stderr]).toEqual([1, "pm map: 1 of 4 failed"]);
    const message = expect.stringContaining("PHP Fatal error: Uncaught Error: Call to undefined function");
    expect(answers).toEqual([
      { id: 1, result: 1 },
      { id: 2, error: expect.objectContaining({ code: "failed", message }) },
      { id: 3, result: 3 },
      { id: 4, result: 4 },
    ]);
  });

  test("loses the job of a process that is killed, and that alone", async () => {
    await using php = await serve();
    const doomed = php.pm.post("a", { do: "sleep", began: php.place(1) });
    const pid = await php.beganAs(1);
    const values = Array.from({ length: 100 }, (_, n) => n);
    const others = php.pm.map(
      "a",
      values.map((value) => ({ do: "echo", value })),
      "--results",
    );
    process.kill(pid, "SIGKILL");
    expect(await doomed).toMatchObject(
      isSupervised(name)
        ? { status: 502, error: { code: "lost", message: "the worker ended while the task ran: killed by SIGKILL" } }
        : { status: 422, error: { code: "failed", message: "the server closed the connection without an answer" } },
    );
    expect(await others).toMatchObject({ exitCode: 0, answers: values });
    if (!isSupervised(name)) return;
    await php.pm.record("Worker exited.", { pid });
    expect(await php.pm.seen("a", ({ ready }) => ready === 2)).toMatchObject({ state: "running" });
  });

  test("is stuck in a script until its time is over, and goes on with the next job", async () => {
    await using php = await serve();
    const stuck = php.pm.post("a", { do: "sleep", began: php.place(1) }, { timeout_seconds: 1 });
    const pid = await php.beganAs(1);
    expect(await php.pm.post("a", { do: "echo", value: 1 })).toMatchObject({ status: 200, result: 1 });
    expect(await stuck).toMatchObject({ status: 504, error: { code: "timeout" } });
    if (isSupervised(name)) {
      await php.pm.record("Worker exited.", { pid, reason: "task_stuck" });
      await php.pm.seen("a", ({ ready }) => ready === 2);
    }
    const pids = await Promise.all([1, 2, 3, 4].map(() => php.pm.post("a", { do: "pid" })));
    expect(pids.map(({ status, result }) => [status, result === pid])).toEqual(pids.map(() => [200, false]));
  });
});

test.skipIf(reason !== null)(
  "php-cgi that ends itself after 20 requests loses no job and runs none twice",
  async () => {
    await using php = PhpFarm.supervised([], { env: { PHP_FCGI_MAX_REQUESTS: "20" } });
    const values = Array.from({ length: 600 }, (_, n) => n);
    const run = await php.pm.map(
      "a",
      values.map((value) => ({ do: "echo", value })),
      "--results",
    );
    expect(run).toEqual({ exitCode: 0, stdout: "", stderr: "", answers: values });
    await php.pm.records("Worker exited.", 25, { exit_code: 0 });
    expect(await php.pm.metric('task_retries_total{consumer="a"}')).toBe(0);
  },
);

test.skipIf(reason !== null)("php-fpm with fewer children than connections lets no job starve", async () => {
  await using php = await PhpFarm.existing(null, { connections: 8, timeout: "4s" });
  const values = Array.from({ length: 400 }, (_, n) => n);
  const jobs = values.map((value) => ({ do: "echo", value }));
  expect(await php.pm.map("a", jobs, "--results")).toEqual({ exitCode: 0, stdout: "", stderr: "", answers: values });
});
