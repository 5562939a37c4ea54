import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LaneAnswer } from "../../../src/core/tasks/lane-answer.ts";
import type { Cancel, Clock } from "../../../src/runtime/host.ts";
import { listenForWorker, pathForWorker } from "../../../src/system/listening-socket.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { TestLane } from "../../support/fastcgi-lane.ts";
import { missing } from "../../support/needs.ts";
import { fpmProgram, PhpFolder, PhpFpm, phpSettings } from "../../support/php-server.ts";

const reason = missing("php-cgi", fpmProgram);
if (reason !== null) console.log(`FastCGI is not tested with PHP: ${reason}`);

setDefaultTimeout(60_000); // 20 MB take their time on a busy machine

/** A PHP server, and lanes to it. */
interface Php extends AsyncDisposable {
  readonly folder: PhpFolder;
  readonly clock: FakeClock;
  lane(params?: Readonly<Record<string, string>>, clock?: Clock): TestLane;
  /** SIGKILL to the process that pm would have started. */
  kill(): Promise<void>;
}

/** What makes a server in this folder ready: the path of its socket, and its process. */
type Start = (folder: PhpFolder, env: Readonly<Record<string, string>>) => Promise<[string, Bun.Subprocess | PhpFpm]>;

const spawnCgi = (folder: PhpFolder, stdin: number | "ignore", args: string[], env: Readonly<Record<string, string>>) =>
  Bun.spawn(["php-cgi", ...phpSettings, ...args], {
    stdio: [stdin, "ignore", "ignore"],
    cwd: folder.path,
    env: { PATH: process.env["PATH"], PHP_FCGI_MAX_REQUESTS: "0", ...env },
  });

const starts: Readonly<Record<string, Start>> = {
  "php-cgi on descriptor 0": async (folder, env) => {
    const socket = listenForWorker(join(folder.path, "sockets"), "1");
    if ("problem" in socket) throw new Error(socket.problem);
    const child = spawnCgi(folder, socket.fd, [], env);
    void child.exited.then(() => socket.close());
    return [socket.path, child];
  },
  "php-cgi on a path": async (folder, env) => {
    const place = pathForWorker(join(folder.path, "sockets"), "1");
    if ("problem" in place) throw new Error(place.problem);
    return [place.path, spawnCgi(folder, "ignore", ["-b", place.path], env)];
  },
  "php-fpm": async (folder) => {
    const fpm = await PhpFpm.start(folder.path);
    return [fpm.socket, fpm];
  },
};

async function serve(start: Start, env: Readonly<Record<string, string>> = {}): Promise<Php> {
  const folder = new PhpFolder();
  const clock = new FakeClock();
  const [path, server] = await start(folder, env);
  const lanes: TestLane[] = [];
  return {
    folder,
    clock,
    lane: (params = {}, time = clock) => {
      const supervised = !(server instanceof PhpFpm);
      const lane = new TestLane({ kind: "unix", path }, time, { script: folder.script, params }, { supervised });
      lanes.push(lane);
      return lane;
    },
    kill: async () => {
      if (server instanceof PhpFpm) return;
      server.kill("SIGKILL");
      await server.exited;
    },
    [Symbol.asyncDispose]: async () => {
      for (const lane of lanes) lane[Symbol.dispose]();
      if (server instanceof PhpFpm) await server[Symbol.asyncDispose]();
      else {
        server.kill("SIGTERM");
        await server.exited;
      }
      folder[Symbol.dispose]();
    },
  };
}

/** As the pool does: a task that was refused is tried again. */
async function insist(lane: TestLane, payload: unknown): Promise<LaneAnswer> {
  for (;;) {
    const answer = await lane.run(payload);
    if (answer.ok || answer.kind !== "refused") return answer;
    await new Promise(setImmediate);
  }
}

const ok = (value: unknown): LaneAnswer => ({ ok: true, result: JSON.stringify(value) });

/** Resolves when the script says that it runs. */
async function waitFor(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise(setImmediate);
}

/** The answer, however long the lane wants to wait for news of its server. */
async function settle(clock: FakeClock, answer: Promise<LaneAnswer>): Promise<LaneAnswer> {
  while (Bun.peek.status(answer) === "pending") {
    clock.advance(50);
    await new Promise(setImmediate);
  }
  return answer;
}

describe.skipIf(reason !== null).each(Object.entries(starts))("%s", (name, start) => {
  test("does 1,000 jobs on one connection, in one process", async () => {
    await using php = await serve(start);
    const lane = php.lane();
    const first = await insist(lane, { do: "pid" });
    for (let n = 0; n < 1000; n++) {
      expect(await lane.run({ do: "echo", value: `Grüße ${n} 😀` })).toEqual(ok(`Grüße ${n} 😀`));
    }
    expect(await lane.run({ do: "pid" })).toEqual(first);
  });

  test.each([200_000, 20_000_000])("takes and gives %d bytes", async (bytes) => {
    await using php = await serve(start);
    const lane = php.lane();
    expect(await insist(lane, { do: "length", value: "ü".repeat(bytes / 2) })).toEqual(ok(bytes));
    const answer = await lane.run({ do: "repeat", times: bytes / 2 });
    expect(answer.ok && answer.result === `"${"ü".repeat(bytes / 2)}"`).toBeTrue();
    expect(await lane.run({ do: "echo", value: 1 })).toEqual(ok(1));
  });

  test("is given parameters of up to 65,519 bytes, with what is not ASCII", async () => {
    await using php = await serve(start);
    const lane = php.lane({ DATA: "{payload.args.0}" });
    for (const data of ["", "über 😀", "é".repeat(64), "d".repeat(65_519)]) {
      expect(await insist(lane, { do: "param", args: [data] })).toEqual(ok(data));
    }
    const server = (variable: string) => lane.run({ do: "server", name: variable });
    expect(await server("SCRIPT_FILENAME")).toEqual(ok(php.folder.script));
    expect(await server("PM_CONSUMER")).toEqual(ok("thumbs"));
    expect(await server("PM_TASK_ID")).toEqual(ok(String(lane.lastId)));
  });

  test("does not take a longer one, which is said so", async () => {
    await using php = await serve(start);
    const lane = php.lane({ DATA: "{payload.args.0}" });
    await insist(lane, { do: "echo", value: 1 });
    const answer = lane.run({ do: "param", args: ["d".repeat(65_520)] });
    const closed = "the server closed the connection without an answer";
    const settled = settle(php.clock, answer);
    expect(await settled).toMatchObject({
      kind: "failed",
      message: `${closed}; the parameter DATA is longer than PHP takes`,
    });
    expect(await insist(lane, { do: "param", args: ["short"] })).toEqual(ok("short"));
  });

  test("fails what fails, and goes on", async () => {
    await using php = await serve(start);
    const lane = php.lane();
    const failures: readonly [object, string | RegExp][] = [
      [{ do: "throw" }, /^PHP Fatal error: Uncaught Exception: boom in .*task\.php:\d+$/u],
      [{ do: "print" }, /Uncaught Exception: boom <1> in .*task\.php/u],
      [{ do: "undefined" }, /Uncaught Error: Call to undefined function nobody_knows_this\(\)/u],
      [{ do: "memory" }, /Fatal error: Allowed memory size of 4194304 bytes exhausted/u],
      [{ do: "status", status: 503 }, "status 503"],
      [{ do: "error", error: "no such user" }, "no such user"],
      [{ do: "error", error: { message: "nö", code: 3 } }, "nö"],
    ];
    for (const [payload, message] of failures) {
      const answer = await insist(lane, payload);
      expect(answer).toMatchObject({ ok: false, kind: "failed" });
      expect(answer.ok ? "" : answer.message).toMatch(message);
      expect(await lane.run({ do: "warning" })).toEqual(ok(1));
    }
    expect(await lane.run({ do: "error", error: { message: "never", retry: false } })).toMatchObject({ kind: "final" });
  });

  test("does not pass on what a script exits with: it must say so by a status or an error", async () => {
    await using php = await serve(start);
    expect(await insist(php.lane(), { do: "exit", code: 1 })).toEqual(ok(""));
  });

  test("says so when there is no such script", async () => {
    await using php = await serve(start);
    const lane = php.lane({ SCRIPT_FILENAME: "/nowhere/task.php" });
    const answer = await insist(lane, { do: "echo", value: 1 });
    expect(answer).toMatchObject({ ok: false, message: expect.stringContaining("status 404") });
  });

  test("loses the task of a process that is killed, and that alone", async () => {
    await using php = await serve(start, { PHP_FCGI_CHILDREN: "2" });
    const [doomed, other] = [php.lane(), php.lane()];
    await insist(doomed, { do: "pid" });
    const pids = await Promise.all([insist(doomed, { do: "pid" }), insist(other, { do: "pid" })]);
    expect(new Set(pids.map((answer) => answer.ok && answer.result)).size).toBe(2);
    const file = join(php.folder.path, "began");
    const lost = doomed.run({ do: "sleep", began: file });
    await waitFor(file);
    php.clock.advance(101);
    const [pid] = pids;
    process.kill(Number(pid?.ok ? pid.result : 0), "SIGKILL");
    expect(await settle(php.clock, lost)).toMatchObject({
      kind: "failed",
      message: "the server closed the connection without an answer",
    });
    expect(await other.run({ do: "echo", value: 1 })).toEqual(ok(1));
    expect(await insist(doomed, { do: "echo", value: 2 })).toEqual(ok(2));
  });

  test("stuck in a script is let go of", async () => {
    await using php = await serve(start);
    const lane = php.lane();
    await insist(lane, { do: "echo", value: 1 });
    const file = join(php.folder.path, "began");
    const stuck = lane.run({ do: "sleep", began: file });
    await waitFor(file);
    lane.lane.cancel(lane.lastId);
    php.clock.advance(500);
    if (name !== "php-fpm") {
      expect(Bun.peek.status(stuck)).toBe("pending"); // PHP minds no abort, so that its process is to be replaced
      await php.kill();
    }
    expect(await settle(php.clock, stuck)).toMatchObject({ ok: false, kind: "failed" });
    if (name === "php-fpm") expect(await insist(lane, { do: "echo", value: 2 })).toEqual(ok(2));
  });
});

/** Time stands still; what is to run after less than a second runs at once, and the rest never. */
class ImpatientClock extends FakeClock {
  override after(delayMs: number, run: () => void): Cancel {
    if (delayMs >= 1000) return () => {};
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  }
}

describe.skipIf(reason !== null)("processes of PHP that end after a few requests", () => {
  test.each<[string, Start]>([
    [
      "php-cgi",
      (folder) => starts["php-cgi on a path"]!(folder, { PHP_FCGI_MAX_REQUESTS: "3", PHP_FCGI_CHILDREN: "2" }),
    ],
    [
      "php-fpm",
      async (folder) => {
        const fpm = await PhpFpm.start(folder.path, { "pm.max_requests": 3 });
        return [fpm.socket, fpm];
      },
    ],
  ])("lose no task: %s", async (_, start) => {
    await using php = await serve(start);
    const clock = new ImpatientClock();
    const lanes = [php.lane({}, clock), php.lane({}, clock)];
    const pids = new Set<string>();
    const work = lanes.map(async (lane) => {
      for (let n = 0; n < 100; n++) {
        const answer = await insist(lane, { do: "pid" });
        expect(answer).toMatchObject({ ok: true });
        if (answer.ok) pids.add(answer.result);
      }
    });
    await Promise.all(work);
    expect(pids.size).toBeGreaterThan(50);
  });
});

test.skipIf(reason !== null)("a php-fpm with a full backlog refuses, and says why", async () => {
  await using php = await serve(async (folder) => {
    const fpm = await PhpFpm.start(folder.path, { "pm.max_children": 1, "listen.backlog": 1 });
    return [fpm.socket, fpm];
  });
  const busy = php.lane();
  const file = join(php.folder.path, "began");
  void busy.run({ do: "sleep", began: file });
  await waitFor(file);
  const answer = await Promise.race([1, 2, 3, 4, 5].map(() => php.lane().run({ do: "echo", value: 1 })));
  expect(answer).toMatchObject({
    kind: "refused",
    message: expect.stringContaining("or too many wait to be let in"),
  });
});
