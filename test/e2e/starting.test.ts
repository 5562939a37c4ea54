import { createServer } from "node:net";
import { writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, quickBackoff, sh, steady } from "../support/farm-file.ts";
import { missing } from "../support/needs.ts";
import { type LogRecord, PmProcess, processesWith } from "../support/pm-process.ts";
import { stateOf, until } from "../support/proc.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(30_000);

describe("pm serve does not start", () => {
  test("with an invalid file: every problem on a line, exit code 78, no worker", async () => {
    await using pm = new PmProcess(farmFile({ a: { ...steady, proceses: 2, restart: "sometimes" } }));
    expect(await pm.process.exited).toBe(78);
    expect(pm.stderr.all).toEqual([
      expect.stringMatching(/pm\.yaml:1:\d+: consumers\.a\.proceses: .*processes/u),
      expect.stringMatching(/pm\.yaml:1:\d+: consumers\.a\.restart: /u),
      expect.stringMatching(/pm\.yaml: nothing was started; correct this and try again$/u),
    ]);
    expect(pm.stdout.all).toEqual([]);
    expect(processesWith(pm.mark)).toEqual([]);
  });

  test("on a port in use: one line, exit code 1, no worker", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    await using pm = new PmProcess(farmFile({ a: steady }, { http_server: { port } }));
    expect(await pm.process.exited).toBe(1);
    expect(pm.stderr.all).toEqual([
      `pm serve: http_server: cannot listen on 127.0.0.1:${port}: the port is in use; stop the other program or set http_server.port (0 takes a free one)`,
    ]);
    expect(pm.stdout.all).toEqual([]);
    expect(processesWith(pm.mark)).toEqual([]);
    server.close();
  });
});

test("in a burst of starts each process has its own words and streams, whichever of the others cannot run", async () => {
  const good = {
    command: sh('echo "$PM_WORKER_ID of $PM_CONSUMER" >&2; echo "$PM_WORKER_ID"; sleep 1000'),
    processes: 7,
  };
  const bad = { command: ["/dev/null"], processes: 2 };
  const names = Array.from({ length: 6 }, (_, index) => [`good${index}`, `bad${index}`] as const);
  await using pm = new PmProcess(
    farmFile(
      Object.fromEntries(
        names.flatMap(([one, other]) => [
          [one, good],
          [other, bad],
        ]),
      ),
    ),
  );
  await pm.records("Worker started.", 42);
  await pm.records("Worker could not be started.", 12);
  await pm.stdout.count(() => true, 42);
  expect(pm.stdout.all.toSorted()).toEqual(
    pm
      .recorded("Worker started.")
      .map(
        ({ context }) =>
          `[worker ${String(context["worker"])} ${String(context["consumer"])}] ${String(context["worker"])}`,
      )
      .toSorted(),
  );
  const workers = pm.recorded("Worker started.").map(({ context }) => Number(context["worker"]));
  expect(workers).toEqual(workers.toSorted((a, b) => a - b)); // told in the order of their starts
  for (const { context } of pm.recorded("Worker started.")) {
    const [worker, consumer] = [String(context["worker"]), String(context["consumer"])];
    expect(consumer).toStartWith("good");
    await pm.stderr.find((line) => line === `[worker ${worker} ${consumer}] ${worker} of ${consumer}`);
  }
  const failures = pm.recorded("Worker could not be started.");
  expect(new Set(failures.map(({ context }) => context["worker"])).size).toBe(12);
  expect(failures[0]?.context["error"]).toBe(
    "/dev/null may not be executed; make it executable (chmod +x) or name its interpreter in command",
  );
  expect(pm.recorded("Guardian is missing and is started again.")).toEqual([]);
  expect(await pm.stop()).toBe(0);
});

test("however soon processes end, and however many at once, each is told of as started first", async () => {
  const script = "test -e again && exit; trap 'exit 0' USR1; echo up; while :; do sleep 1000 & wait; done";
  const crowd = { command: sh(script), processes: 60, min_uptime: 0, restart: "always" };
  await using pm = new PmProcess(farmFile({ crowd }));
  const pids = (await pm.records("Worker started.", 60)).map(({ context }) => Number(context["pid"]));
  await pm.stdout.count((line) => line.endsWith(" up"), 60);
  pm.signal("SIGSTOP"); // so that it finds them all ended at once
  writeFileSync(join(pm.folder, "again"), "");
  for (const pid of pids) process.kill(pid, "SIGUSR1");
  await until(() => pids.every((pid) => stateOf(pid) === "Z"));
  pm.signal("SIGCONT");
  await pm.records("Worker exited.", 300);
  const started = new Set<unknown>();
  for (const line of pm.stderr.all.filter((each) => each.startsWith('{"message":"Worker '))) {
    const { message, context }: LogRecord = JSON.parse(line);
    if (message === "Worker started.") started.add(context["pid"]);
    if (message === "Worker exited.") expect(started.delete(context["pid"]), line).toBe(true);
  }
});

test("a crowd of workers that end as soon as they are started keeps nobody else waiting", async () => {
  const crowd = { command: ["true"], processes: 100, min_uptime: 0, failure_limit: 1_000_000 };
  await using pm = new PmProcess(farmFile({ crowd }));
  await pm.address();
  for (let round = 0; round < 5; round++) {
    const before = pm.recorded("Worker started.").length;
    expect((await pm.get("/livez")).status).toBe(200);
    expect(pm.recorded("Worker started.").length - before).toBeLessThan(1_000);
  }
  expect(await pm.stop()).toBe(0);
});

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === "::1"));

test.skipIf(!hasIpv6)(`health is served on an IPv6 address${hasIpv6 ? "" : " (skipped: no ::1 here)"}`, async () => {
  await using pm = new PmProcess(farmFile({ a: steady }, { http_server: { host: "::1", port: 0 } }));
  expect(await pm.address()).toMatch(/^http:\/\/\[::1\]:\d+$/u);
  expect((await pm.get("/livez")).status).toBe(200);
});

test.each([
  ["stdin, stdout and stderr", "<&- >&- 2>&-"],
  ["stdin and stdout", "<&- >&-"],
  ["stderr", "2>&-"],
])("pm runs with %s closed, and its workers get the descriptors they are promised", async (_, closed) => {
  await using pm = new PmProcess(farmFile({ a: { command: sh("(ls -l /proc/$$/fd) >fds; :"), restart: "never" } }), {
    starter: ["sh", "-c", `exec "$0" "$@" ${closed}`],
  });
  expect(await pm.process.exited).toBe(0);
  const fds = [...(await Bun.file(join(pm.folder, "fds")).text()).matchAll(/(\d+) -> ([a-z/]+)/gu)];
  expect(fds.map(([, fd, what]) => `${fd} ${what}`)).toEqual(["0 /dev/null", "1 pipe", "2 pipe", "3 socket"]);
});

const noPython = missing("python3");
if (noPython !== null) console.warn(`skipping a test: ${noPython}`);

test.skipIf(noPython !== null)(
  "pm learns how its workers end although its parent ignored SIGCHLD and blocked signals",
  async () => {
    const start = `import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])`;
    await using pm = new PmProcess(
      farmFile({ a: { command: sh("exit 7"), failure_limit: 1, ...quickBackoff }, b: steady }),
      {
        starter: ["python3", "-c", start],
      },
    );
    const exits = await pm.records("Worker exited.", 2, { consumer: "a" });
    expect(exits.map(({ context }) => context["exit_code"])).toEqual([7, 7]);
    await pm.stdout.find((line) => line === "[worker 2 b] up");
    expect(await pm.stop()).toBe(0);
    expect((await pm.record("Worker exited.", { consumer: "b" })).context["exit_code"]).toBe(143);
  },
);

// With some of these pm itself would have none left when its workers have taken what they can get.
test.each([52, 55, 57, 58, 60, 64, 65])(
  "with too few file descriptors (%d) for all workers, those that could be started run, the rest are retried, and pm answers",
  async (limit) => {
    await using pm = new PmProcess(farmFile({ a: { ...steady, processes: 40, ...quickBackoff, failure_limit: 1 } }), {
      starter: ["sh", "-c", `ulimit -n ${limit}; exec "$0" "$@"`],
    });
    const refused = await pm.record("Worker could not be started.");
    expect(refused.context["error"]).toBe(
      "no file descriptors are left; raise the limit (ulimit -n) or start fewer workers",
    );
    await pm.record("Worker started.", { worker: 2 });
    await pm.record("Consumer degraded.");
    expect((await pm.get("/livez")).status).toBe(200);
    expect(await pm.stop()).toBe(0);
  },
);

test("a hostile bunfig.toml, .env, package.json and tsconfig.json in the working directory change nothing", async () => {
  using folder = temporaryFolder();
  const files = {
    "bunfig.toml": 'preload = ["./preload.ts"]\n[run]\nsilent = true\n',
    "preload.ts": 'console.log("PRELOADED"); process.exit(99);\n',
    ".env": "FROM_DOTENV=1\nNO_SUCH=1\nPM_CONSUMER=evil\n",
    ".env.local": "FROM_DOTENV=2\n",
    "package.json": '{"name": "x", "type": "commonjs", "imports": {"#x": "./preload.ts"}}',
    "tsconfig.json": "{ not json",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text);
  await using pm = new PmProcess(
    farmFile({ a: { command: sh('echo "<$FROM_DOTENV> $PM_CONSUMER"'), restart: "never", cwd: folder.path } }),
    {
      cwd: folder.path,
    },
  );
  expect(await pm.process.exited).toBe(0);
  await pm.stdout.find((line) => line === "[worker 1 a] <> a");
  expect(pm.stdout.all).toEqual(["[worker 1 a] <> a"]);
});

test.each([
  ["BUN_OPTIONS", "--smol --eval=1"],
  ["NODE_OPTIONS", "--require /nowhere.js"],
])("the variable %s in pm's environment reaches the workers and does not change pm", async (name, value) => {
  await using pm = new PmProcess(farmFile({ a: { command: sh(`echo "<$`.concat(name, '>"')), restart: "never" } }), {
    env: { [name]: value },
  });
  expect(await pm.process.exited).toBe(0);
  await pm.stdout.find((line) => line === `[worker 1 a] <${value}>`);
});
