import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, sh, steady } from "../support/farm-file.ts";
import { command, type CommandRun, ownSocket, pidsOf, RunningCommand, statusOf } from "../support/pm-command.ts";
import { PmProcess } from "../support/pm-process.ts";
import { stateOf, until } from "../support/proc.ts";

setDefaultTimeout(30_000);

/** A farm with three workers that are up. */
async function threeWorkers(): Promise<PmProcess> {
  const pm = new PmProcess(farmFile({ a: { ...steady, processes: 3 } }, ownSocket));
  await pm.stdout.count((line) => line.endsWith("up"), 3);
  return pm;
}

const done = (stdout: string): CommandRun => ({
  exitCode: 0,
  stdout: expect.stringMatching(new RegExp(`^${stdout}$`, "u")),
  stderr: "",
});
const failed = (line: string): CommandRun => ({ exitCode: 1, stdout: "", stderr: line });

describe("pm status on a living farm", () => {
  test("tells of workers that run, that wait and that could never be started", async () => {
    const rare = { backoff_base: "1h", backoff_max: "1h", failure_window: "2d" };
    const consumers = {
      good: steady,
      bad: { ...rare, command: sh("exit 3") },
      never: { ...rare, command: ["/nowhere/program"] },
    };
    await using pm = new PmProcess(farmFile(consumers, ownSocket));
    await pm.records("Worker restarting after unexpected exit.", 2);
    const { exitCode, stdout, stderr } = await command(pm, "status");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const [, , , titles, ...rows] = stdout.split("\n");
    expect(titles).toMatch(/^NAME +ID +STATE +PID +UPTIME +RESTARTS +CPU +RSS +BUSY$/u);
    expect(rows).toEqual([
      expect.stringMatching(/^good +running 1\/1 /u),
      expect.stringMatching(/^ {2}good:0 +1 +ready +\d+ +\d+s +0 +[\d.]+% +[\d.]+ [KM]iB +0\/1$/u),
      expect.stringMatching(/^bad +starting 0\/1 /u),
      expect.stringMatching(
        /^ {2}bad:0 +2 +backoff +- .* {2}next start in (?:1h|59m \d+s|5\dm.*); failures 1 of 3 in 2d; last exit: exit code 3, \d+s ago$/u,
      ),
      expect.stringMatching(/^never +starting 0\/1 /u),
      expect.stringMatching(/^ {2}never:0 +3 +backoff +- .* last exit: could not be started: /u),
    ]);
  });

  test("--json is the document, and one consumer can be asked for", async () => {
    await using pm = await threeWorkers();
    const status = await statusOf(pm);
    expect(status).toMatchObject({ api: "v1", pid: pm.pid, file: join(pm.folder, "pm.yaml"), phase: "running" });
    expect(status.consumers.map(({ consumer, ready }) => [consumer, ready])).toEqual([["a", 3]]);
    expect((await command(pm, "status", "a")).stdout).toMatch(/^ {2}a:2 /mu);
    expect(await command(pm, "status", "b")).toMatchObject({ exitCode: 1, stdout: "" });
  });
});

describe("a command acts and says what happened", () => {
  test("stop and start of one worker", async () => {
    await using pm = await threeWorkers();
    const [first, second, third] = await pidsOf(pm, "a");
    expect(await command(pm, "stop", "a:1", "--reason", "eats memory")).toEqual(done("a: 1 worker stopped in .*"));
    expect(await pidsOf(pm, "a")).toEqual([first ?? 0, null, third ?? 0]);
    expect(await command(pm, "start", "a:1")).toEqual(done("a: 1 worker started in .*"));
    const after = await pidsOf(pm, "a");
    expect([after[0], after[2]]).toEqual([first, third]);
    expect(after[1]).toBeNumber();
    expect(after[1]).not.toBe(second);
  });

  test.each([[["restart", "a"]], [["restart", "a", "--rolling", "--max-unavailable", "2"]]])(
    "%j replaces every process",
    async (args) => {
      await using pm = await threeWorkers();
      const before = await pidsOf(pm, "a");
      expect(await command(pm, ...args)).toEqual(done("a: 3 workers restarted.*"));
      const after = await pidsOf(pm, "a");
      expect(after.filter((pid) => pid !== null)).toHaveLength(3);
      expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    },
  );

  test("pause freezes, resume lets go on", async () => {
    await using pm = await threeWorkers();
    const pids = await pidsOf(pm, "a");
    // A signal counts once the process has been on a processor.
    const frozen = (wanted: readonly boolean[]) =>
      until(() =>
        Bun.deepEquals(
          pids.map((pid) => stateOf(Number(pid)) === "T"),
          wanted,
        ),
      );
    expect(await command(pm, "pause", "a:0")).toEqual(done("a: 1 worker paused"));
    await frozen([true, false, false]);
    expect((await command(pm, "status")).stdout).toMatch(/^ {2}a:0 +1 +paused /mu);
    expect(await command(pm, "resume", "a")).toMatchObject({ exitCode: 0 });
    await frozen([false, false, false]);
  });

  test("scale by hand, and back", async () => {
    await using pm = await threeWorkers();
    const before = await pidsOf(pm, "a");
    expect(await command(pm, "scale", "a", "5")).toEqual(done("a: 3 → 5 workers by hand.*"));
    expect((await pidsOf(pm, "a")).slice(0, 3)).toEqual([...before]);
    expect((await statusOf(pm)).consumers[0]).toMatchObject({ target: 5, sized_by: "person" });
    expect((await command(pm, "scale", "a", "--auto")).exitCode).toBe(0);
    expect((await statusOf(pm)).consumers[0]).toMatchObject({ target: 3, sized_by: "file" });
  });

  test("signal", async () => {
    const talks = { command: sh("trap 'echo heard' USR1; echo up; while :; do sleep 1000 & wait $!; done") };
    await using pm = new PmProcess(farmFile({ a: talks }, ownSocket));
    await pm.stdout.find((line) => line.endsWith("up"));
    expect((await command(pm, "signal", "a", "usr1")).exitCode).toBe(0);
    await pm.stdout.find((line) => line.endsWith("heard"));
    expect(await command(pm, "signal", "a", "USR9")).toMatchObject({ exitCode: 2, stdout: "" });
  });

  test("what it cannot do is a failure with a line", async () => {
    await using pm = await threeWorkers();
    expect(await command(pm, "restart", "aa")).toEqual(failed(expect.stringMatching(/^pm restart: .*aa.* a\b/u)));
    expect(await command(pm, "stop", "a:7")).toEqual(failed(expect.stringMatching(/^pm stop: .*7/u)));
    expect(await command(pm, "explain", "aa")).toEqual(failed(expect.stringMatching(/^pm explain: /u)));
  });

  test("Ctrl-C ends the waiting, and what was begun goes on", async () => {
    // Stops only when it is told by a second signal.
    const stubborn = sh("trap : TERM; trap 'exit 0' USR1; echo up; while :; do sleep 1000 & wait $!; echo told; done");
    await using pm = new PmProcess(farmFile({ a: { command: stubborn, stop_timeout: 0 } }, ownSocket));
    await pm.stdout.find((line) => line.endsWith("up"));
    await using waiting = new RunningCommand(pm, ["stop", "a"]);
    await pm.stdout.find((line) => line.endsWith("told"));
    waiting.process.kill("SIGINT");
    expect(await waiting.ended()).toEqual({
      exitCode: 130,
      stdout: "",
      stderr: "pm stop: no longer waiting; what was begun goes on, pm status a shows it",
    });
    expect((await statusOf(pm)).consumers[0]?.workers[0]?.state).toBe("draining");
    await using again = new RunningCommand(pm, ["stop", "a"]);
    await command(pm, "signal", "a", "USR1");
    expect((await again.ended()).exitCode).toBe(0);
    expect(await pidsOf(pm, "a")).toEqual([null]);
  });
});

test("logs: recent lines of one worker, and those that follow until pm ends", async () => {
  const talks = sh("echo one; echo two >&2; trap 'echo more' USR1; echo up; while :; do sleep 1000 & wait $!; done");
  await using pm = new PmProcess(farmFile({ a: { command: talks }, b: steady }, ownSocket));
  await pm.stdout.count((line) => line.endsWith("up"), 2);
  const { exitCode, stdout } = await command(pm, "logs", "a:0");
  expect(exitCode).toBe(0);
  const shown = stdout.split("\n").map((line) => line.replace(/^\d\d:\d\d:\d\d /u, ""));
  expect(shown.toSorted()).toEqual(["[a:0 err] two", "[a:0] one", "[a:0] up"]);
  expect((await command(pm, "logs", "a", "--stream", "stderr", "--json")).stdout).toMatch(/^\{.*"text":"two".*\}$/u);

  await using following = new RunningCommand(pm, ["logs", "a", "-fn1", "--stream", "stdout"]);
  await following.stdout.find((line) => line.endsWith("[a:0] up"));
  await command(pm, "signal", "a", "USR1");
  await following.stdout.find((line) => line.endsWith("[a:0] more"));
  expect(await pm.stop()).toBe(0);
  expect(await following.ended()).toMatchObject({ exitCode: 0, stderr: "pm logs: pm has ended" });
});

test("events: who did what, and why", async () => {
  await using pm = await threeWorkers();
  await using following = new RunningCommand(pm, ["events", "-f", "-n0", "--json"]);
  await command(pm, "restart", "a:0", "--reason", "new key");
  await command(pm, "scale", "a", "1");
  const { exitCode, stdout } = await command(pm, "events", "a");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d \S+: a: 1 worker restarted.* \(new key\)$/mu);
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d \S+: a: 3 → 1 workers? by hand/mu);
  expect(JSON.parse(await following.stdout.find((line) => line.includes("new key")))).toMatchObject({
    consumer: "a",
    why: "new key",
  });
  following.process.kill("SIGINT");
  expect(await following.ended()).toMatchObject({ exitCode: 0, stderr: "" });
});

test("explain: why it has as many workers as it has", async () => {
  await using pm = await threeWorkers();
  expect(await command(pm, "explain", "a")).toEqual(done("a: 3 workers.*"));
  expect(JSON.parse((await command(pm, "explain", "a", "--json")).stdout)).toMatchObject({ consumer: "a" });
});

test("reload: a plan, then the change, and a broken file changes nothing", async () => {
  await using pm = await threeWorkers();
  const file = join(pm.folder, "pm.yaml");
  const before = await pidsOf(pm, "a");
  writeFileSync(file, farmFile({ a: { ...steady, processes: 4 }, b: steady }, ownSocket));
  const plan = "~ a: size 3 → 4, nobody restarts\n+ b: size 1";
  expect(await command(pm, "reload", "--plan")).toEqual({ exitCode: 0, stdout: plan, stderr: "" });
  expect(await pidsOf(pm, "a")).toEqual(before);
  const { exitCode, stdout } = await command(pm, "reload");
  expect({ exitCode, plan: stdout.split("\n").slice(0, 2).join("\n") }).toEqual({ exitCode: 0, plan });
  expect((await pidsOf(pm, "a")).slice(0, 3)).toEqual([...before]);
  writeFileSync(file, farmFile({ a: { ...steady, proceses: 4 } }, ownSocket));
  expect(await command(pm, "reload")).toMatchObject({
    exitCode: 78,
    stdout: "",
    stderr: expect.stringMatching(/^\S+pm\.yaml:1:\d+: consumers\.a\.proceses: .*\npm reload: [^\n]*$/u),
  });
  expect((await pidsOf(pm, "a")).slice(0, 3)).toEqual([...before]);
});

test("shutdown: tells whom it waits for, and comes back when pm has gone", async () => {
  await using pm = await threeWorkers();
  const { exitCode, stdout, stderr } = await command(pm, "shutdown", "--reason", "maintenance");
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `pm (pid ${pm.pid}) has stopped` });
  expect(stderr).toContain(`pm (pid ${pm.pid}) is stopping; waiting for a:0, a:1, a:2`);
  expect(await pm.process.exited).toBe(0);
  expect(await command(pm, "status")).toMatchObject({ exitCode: 69, stdout: "" });
});

test("completion proposes the names of the running farm", async () => {
  await using pm = new PmProcess(farmFile({ a: { ...steady, processes: 2 }, b: steady }, ownSocket));
  await pm.stdout.count((line) => line.endsWith("up"), 3);
  expect((await command(pm, "__complete", "consumers")).stdout).toBe("a\nb");
  expect((await command(pm, "__complete", "workers")).stdout).toBe("a\na:0\na:1\nb\nb:0");
});

test("--watch --json prints a document a second until Ctrl-C", async () => {
  await using pm = await threeWorkers();
  await using watching = new RunningCommand(pm, ["status", "--watch", "--json"]);
  await watching.stdout.find((line) => line.startsWith('{"api":"v1"'));
  watching.process.kill("SIGINT");
  expect(await watching.ended()).toMatchObject({ exitCode: 0, stderr: "" });
});
