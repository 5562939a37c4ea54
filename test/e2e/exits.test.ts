import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, fixture, quickBackoff, sh, steady } from "../support/farm-file.ts";
import { type LogRecord, PmProcess, processesWith } from "../support/pm-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { cpuSeconds, isAlive, openFds, until } from "../support/proc.ts";

setDefaultTimeout(30_000);

const unexpected = "Worker restarting after unexpected exit.";

const pidOf = (record: LogRecord): number => Number(record.context["pid"]);

describe("a worker that ends at once", () => {
  test.each([
    ["with 0, having done nothing", "exit 0", "exited_too_soon", 0],
    ["with a failure", "exit 1", "exit_failure", 4],
  ])(
    "%s is delayed longer and longer, then degrades its consumer, and never spins",
    async (_, script, reason, failures) => {
      await using pm = new PmProcess(
        farmFile({ a: { command: sh(script), failure_limit: 3, ...quickBackoff }, b: steady }),
      );
      const restarts = await pm.records(unexpected, 4, { consumer: "a" });
      expect(restarts.map(({ context }) => context)).toEqual(
        [0.02, 0.04, 0.08, 3600].map((delay, index) => ({
          worker: 1,
          consumer: "a",
          delay_seconds: delay,
          attempt: index + 1,
          reason,
        })),
      );
      const ready = await pm.get("/readyz");
      expect([ready.status, await ready.json()]).toEqual([
        503,
        {
          status: "not_ready",
          reasons: [
            {
              consumer: "a",
              reason: "degraded",
              detail: expect.stringMatching(
                /^0 of 1 worker ready; next start of worker 1 in 3\d\d\d(\.\d)?s after exit code [01]$/u,
              ),
            },
          ],
        },
      ]);
      expect(await pm.metric('worker_starts_total{consumer="a"}')).toBe(4);
      expect(await pm.metric('worker_failures_total{consumer="a"}')).toBe(failures);
      expect(await pm.metric('worker_backoffs_total{consumer="a"}')).toBe(4);
      expect(await pm.metric(`worker_restarts_total{consumer="a",reason="${reason}"}`)).toBe(4);
      expect(await pm.metric('worker_starts_total{consumer="b"}')).toBe(1);
    },
  );

  test("with 0 after it reported work is started again at once, as often as it likes", async () => {
    const worker = `echo '{"type":"message","event":"handled","transport":"q","class":"M"}' >&3`;
    await using pm = new PmProcess(farmFile({ a: { command: sh(worker), failure_limit: 1, backoff_base: "30s" } }));
    const [first] = await pm.records("Worker restarting after expected exit.", 20);
    expect(first?.context).toEqual({ worker: 1, consumer: "a", delay_seconds: 0, attempt: 0, reason: "exit_success" });
    expect((await pm.get("/readyz")).status).toBe(200);
  });
});

describe("a worker that dies of a signal", () => {
  test.each([
    ["SEGV", 139],
    ["KILL", 137],
    ["ABRT", 134],
    ["BUS", 135],
    ["TERM", 143],
    ["PIPE", 141],
  ])("SIG%s is told by name and counted as exit code %d", async (name, exitCode) => {
    await using pm = new PmProcess(
      farmFile({
        a: {
          command: ["sh", join(import.meta.dir, "..", "fixtures", "dies-of-signal.sh"), name],
          failure_limit: 1,
          ...quickBackoff,
        },
      }),
    );
    const [restart] = await pm.records(unexpected, 2);
    expect((await pm.record("Worker exited.")).context).toEqual({
      worker: 1,
      consumer: "a",
      pid: expect.any(Number),
      exit_code: exitCode,
      signal: `SIG${name}`,
      uptime_seconds: expect.any(Number),
    });
    expect(restart?.context["reason"]).toBe("signal");
    expect(await pm.metric(`worker_exits_total{consumer="a",exit_code="${exitCode}"}`)).toBe(2);
    await pm.stdout.count((line) => line === "[worker 1 a] about to die", 2);
  });

  test("without a name is told by number", async () => {
    const command = ["python3", "-c", "import os; os.kill(os.getpid(), 40)"];
    await using pm = new PmProcess(
      farmFile({ a: { command: Bun.which("python3") ? command : ["perl", "-e", "kill 40, $$"] } }),
    );
    expect((await pm.record("Worker exited.")).context).toMatchObject({ exit_code: 168, signal: "SIG40" });
  });
});

test("a worker that kills its whole process group hits nobody but itself", async () => {
  await using pm = new PmProcess(
    farmFile({ a: { command: sh("kill -9 0"), failure_limit: 1, ...quickBackoff }, b: steady }),
  );
  await pm.records("Worker exited.", 2, { consumer: "a", exit_code: 137 });
  await pm.stdout.find((line) => line === "[worker 2 b] up");
  expect(await pm.metric('worker_starts_total{consumer="b"}')).toBe(1);
});

describe("a worker that leaves something behind", () => {
  test("a grandchild that keeps stdout neither delays the restart nor lives on, and the last words arrive", async () => {
    const script = `(trap '' TERM HUP; echo grandchild; exec sleep 1000) & echo "last words"; printf unfinished; exit 1`;
    await using pm = new PmProcess(farmFile({ a: { command: sh(script), failure_limit: 1, ...quickBackoff } }));
    await pm.records(unexpected, 2);
    await pm.stdout.count((line) => line === "[worker 1 a] last words", 2);
    await pm.stdout.count((line) => line.endsWith("unfinished") || line.endsWith("unfinishedgrandchild"), 2);
    await until(() => processesWith(pm.mark).every((pid) => pid === pm.pid));
    expect(await pm.stop()).toBe(0);
  });

  test("a daemon that keeps stdout does not delay the restart, and pm lets go of its pipe", async () => {
    await using pm = new PmProcess(
      farmFile({ a: { command: fixture("leaves-daemon.ts"), failure_limit: 1, ...quickBackoff }, b: steady }),
    );
    await pm.record("Worker started.", { consumer: "b" });
    await pm.stdout.find((line) => line === "[worker 2 b] up");
    const restarts = await pm.records(unexpected, 2, { consumer: "a" });
    expect(restarts.map(({ context }) => context["delay_seconds"])).toEqual([0.02, 3600]);
    const daemons = pm.stdout.all.flatMap((line) => /daemon (\d+)$/u.exec(line)?.[1] ?? []).map(Number);
    expect(daemons).toHaveLength(2);
    await until(() => !daemons.some(isAlive)); // it ends with the process that left it
    // What is left are the two pipes and the socket of the worker that runs.
    await using idle = new PmProcess(farmFile({ b: steady }));
    await idle.stdout.find((line) => line === "[worker 1 b] up");
    await until(() => openFds(pm.pid) <= openFds(idle.pid));
  });
});

describe("a worker that closes its descriptors", () => {
  test.each([
    ["stdout and stderr", ">&- 2>&-"],
    ["the control channel", "3>&-"],
    ["all of them", "<&- >&- 2>&- 3>&-"],
  ])("%s is supervised all the same, and keeps pm's processor cool", async (_, closed) => {
    await using pm = new PmProcess(
      farmFile({
        a: { command: sh(`exec sleep 1000 ${closed}`), ...quickBackoff },
        clock: { command: sh("sleep 0.4; exit 3"), restart: "never" },
      }),
    );
    const started = await pm.record("Worker started.", { consumer: "clock" });
    const [beforeMs, before] = [performance.now(), cpuSeconds(pm.pid)];
    await pm.record("Worker finished.", { consumer: "clock" });
    expect((cpuSeconds(pm.pid) - before) / ((performance.now() - beforeMs) / 1000)).toBeLessThan(0.4);
    expect(started.context["worker"]).toBe(2);

    const worker = await pm.record("Worker started.", { consumer: "a" });
    process.kill(pidOf(worker), "SIGKILL");
    expect((await pm.record(unexpected, { consumer: "a" })).context["reason"]).toBe("signal");
    await pm.records("Worker started.", 2, { consumer: "a" });
    expect(await pm.stop()).toBe(0);
  });
});

describe("a worker that cannot be started", () => {
  const { path: folder, [Symbol.dispose]: remove } = temporaryFolder();
  afterAll(remove);
  const program = (name: string, text: string, mode: number): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const notExecutable = program("no-x", "#!/bin/sh\n", 0o644);
  const noInterpreter = program("no-interpreter", "#!/nowhere/interpreter\n", 0o755);
  const noFormat = program("no-format", "\u007fELF, but not really\n", 0o755);

  test.each([
    [
      "the program is missing",
      { command: ["no-such-program"] },
      "the program no-such-program was not found; install it or give its full path in command",
    ],
    [
      "it may not be executed",
      { command: [notExecutable] },
      `${notExecutable} may not be executed; make it executable (chmod +x) or name its interpreter in command`,
    ],
    [
      "its interpreter is missing",
      { command: [noInterpreter] },
      `the interpreter that ${noInterpreter} names in its first line was not found; install it`,
    ],
    [
      "it is no program",
      { command: [noFormat] },
      `${noFormat} is no program; give it a first line such as #!/bin/sh, or name its interpreter in command`,
    ],
    [
      "its working directory is missing",
      { command: ["true"], cwd: "/nowhere/at/all" },
      "the working directory /nowhere/at/all does not exist or is no directory; create it or change cwd",
    ],
  ])("because %s is told in one line, tried again, and harms no other", async (_, consumer, error) => {
    await using pm = new PmProcess(farmFile({ a: { ...consumer, failure_limit: 2, ...quickBackoff }, b: steady }));
    const restarts = await pm.records(unexpected, 3, { consumer: "a" });
    expect(restarts.map(({ context }) => [context["reason"], context["delay_seconds"]])).toEqual([
      ["spawn_failed", 0.02],
      ["spawn_failed", 0.04],
      ["spawn_failed", 3600],
    ]);
    const failures = await pm.records("Worker could not be started.", 3);
    expect(failures[0]).toMatchObject({ level_name: "ERROR", context: { worker: 1, consumer: "a", error } });
    await pm.stdout.find((line) => line === "[worker 2 b] up");
    expect(await pm.metric('worker_failures_total{consumer="a"}')).toBe(3);
    expect(await pm.metric('worker_starts_total{consumer="a"}')).toBe(0);
    expect(await (await pm.get("/readyz")).text()).toContain(` after could not be started: ${error}"`);
    expect(pm.stderr.all.filter((line) => !line.startsWith("{"))).toEqual([]);
    expect(await pm.stop()).toBe(0);
  });

  test("starts as soon as what was missing is there", async () => {
    const path = join(folder, "late");
    await using pm = new PmProcess(farmFile({ a: { command: [path], ...quickBackoff, backoff_max: "20ms" } }));
    await pm.records("Worker could not be started.", 3);
    program("late", "#!/bin/sh\necho here; exec sleep 1000\n", 0o755);
    await pm.stdout.find((line) => line === "[worker 1 a] here");
  });
});
