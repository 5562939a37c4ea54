import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { applicationFolder, idsOf, MessengerApplication, messengerMissing } from "../support/messenger-application.ts";
import { farmFile } from "../support/farm-file.ts";
import { processesWith } from "../support/marked-processes.ts";
import { isAlive, stateOf, until } from "../support/proc.ts";
import { did, SteeredPm } from "../support/steered-pm.ts";

setDefaultTimeout(20_000);

const reason = messengerMissing();
if (reason !== null) console.warn(`skipping the commands on a Symfony Messenger farm: ${reason}`);

const jobs = { transport: "async", prefix: "job", count: 1200, behaviour: "ok", sleepMs: 10 } as const;

const farm = (processes: number): string =>
  farmFile({
    async: {
      transports: ["async"],
      processes,
      cwd: applicationFolder,
      ready: "protocol",
      min_uptime: "100ms",
      consume_args: { sleep: 0.01 },
    },
  });

/** Which slots have got another process, or lost theirs. */
function changed(before: readonly (number | null)[], after: readonly (number | null)[]): number[] {
  const slots = Array.from({ length: Math.max(before.length, after.length) }, (_, slot) => slot);
  return slots.filter((slot) => before[slot] !== after[slot]);
}

/** Every command on one farm that is at work all the time; each test leaves three workers running. */
describe.skipIf(reason !== null)("a farm of Symfony Messenger workers under load", () => {
  let application: MessengerApplication;
  let pm: SteeredPm;

  beforeAll(async () => {
    application = await MessengerApplication.start();
    pm = new SteeredPm(farm(3), { env: application.env });
    await application.dispatch(jobs);
    await pm.seen("async", ({ ready, busy }) => ready === 3 && busy > 0);
  });

  afterAll(async () => {
    await pm[Symbol.asyncDispose]();
    await application[Symbol.asyncDispose]();
  });

  const pids = (): Promise<(number | null)[]> => pm.pids("async");
  const restarts = (): Promise<number | null> => pm.metric('worker_restarts_total{consumer="async",reason="restart"}');

  test("status tells the workers as a table and as the document that is described", async () => {
    const { exitCode, stdout, stderr } = await pm.run("status");
    expect([exitCode, stderr]).toEqual([0, ""]);
    const { version } = await pm.status();
    expect(stdout).toMatch(
      new RegExp(`^pm ${RegExp.escape(version)} \\(pid ${pm.pid}\\), running for \\d+s: ${pm.folder}/pm\\.yaml\n`, "u"),
    );
    const rows = stdout.split("\n").filter((line) => line.startsWith("  async:"));
    expect(rows.map((row) => row.trim().split(/ +/u).slice(0, 4))).toEqual(
      (await pids()).map((pid, slot) => [`async:${slot}`, String(slot + 1), "ready", String(pid)]),
    );
    const json = await pm.run("status --json");
    expect(await pm.isAsDescribed(JSON.parse(json.stdout), "GET /v1/status")).toBe(true);
    const started = pm.recorded("Worker started.").map(({ context }) => Number(context["pid"]));
    expect(await pids()).toEqual(started);
  });

  test("stop and start of one slot touch no other", async () => {
    const before = await pids();
    expect(await pm.run("stop async:1")).toEqual(did(/async: 1 worker stopped in [\d.]+ s/));
    expect(await pids()).toEqual(before.with(1, null));
    expect(isAlive(before[1] ?? 0)).toBe(false);
    expect((await pm.consumer("async")).workers[1]).toMatchObject({ state: "stopped", last_exit: { code: 0 } });
    expect(await pm.run("start async:1")).toEqual(did(/async: 1 worker started in [\d.]+ s/));
    const after = await pids();
    expect(changed(before, after)).toEqual([1]);
    expect(after.map((pid) => isAlive(pid ?? 0))).toEqual([true, true, true]);
  });

  test("stop and start of all of it", async () => {
    const before = await pids();
    expect(await pm.run("stop async")).toEqual(did(/async: 3 workers stopped in [\d.]+ s/));
    expect([...before.map((pid) => isAlive(pid ?? 0)), await pids()]).toEqual([
      false,
      false,
      false,
      [null, null, null],
    ]);
    expect(await pm.metric('worker_state{consumer="async",state="stopped"}')).toBe(3);
    expect(await pm.consumer("async")).toMatchObject({ state: "stopped", why: "stopped by hand", ready: 0 });
    expect(await pm.run("stop async")).toEqual(did("async: stopped already"));
    expect(await pm.run("start async")).toEqual(did(/async: 3 workers started in [\d.]+ s/));
    expect(await pm.run("start async")).toEqual(did("async: running already"));
  });

  test("restart of one slot, of all at once, and one after the other", async () => {
    const [first, counted] = [await pids(), (await restarts()) ?? 0];
    expect(await pm.run("restart async:0")).toEqual(did(/async: 1 worker restarted in [\d.]+ s/));
    const second = await pids();
    expect(changed(first, second)).toEqual([0]);
    expect(await pm.run("restart async")).toEqual(did(/async: 3 workers restarted in [\d.]+ s/));
    const third = await pids();
    expect(changed(second, third)).toEqual([0, 1, 2]);
    expect(await pm.run("restart async --rolling --max-unavailable 2 --reason", "new release")).toEqual(
      did(/async: 3 workers restarted one after the other in [\d.]+ s/),
    );
    expect(changed(third, await pids())).toEqual([0, 1, 2]);
    expect((await restarts()) ?? 0).toBe(counted + 7);
    const events = (await pm.run("events async -n 2")).stdout.split("\n");
    expect(events[0]).toMatch(/: async: rolling restart, 2 at a time \(new release\)$/u);
    expect(events[1]).toMatch(/: async: 3 workers restarted one after the other in [\d.]+ s \(new release\)$/u);
  });

  test("--no-wait comes back when it has begun", async () => {
    const before = await pids();
    expect(await pm.run("restart async:2 --no-wait")).toEqual(did("async: restart has begun"));
    await pm.record("Operation finished.", { action: "restart", slot: 2 });
    expect(changed(before, await pids())).toEqual([2]);
  });

  test("pause freezes processes between two messages, and resume lets them go on", async () => {
    const before = await pids();
    expect(await pm.run("pause async:0")).toEqual(did("async: 1 worker paused"));
    await until(() => stateOf(before[0] ?? 0) === "T");
    expect((await pm.consumer("async")).workers.map(({ paused }) => paused)).toEqual([true, false, false]);
    expect(await pm.run("pause async")).toEqual(did("async: 3 workers paused"));
    // One that had begun another message just then is let go on to its end.
    const still = (): boolean => before.every((pid) => stateOf(pid ?? 0) === "T");
    const { ready, messages_total: handled } = await pm.seen(
      "async",
      ({ state, busy }) => state === "paused" && busy === 0 && still(),
    );
    expect(ready).toBe(0);
    expect(await pm.run("resume async:2")).toEqual(did("async: 1 worker resumed"));
    await pm.seen("async", ({ messages_total: now }) => now > handled);
    await pm.seen("async", ({ workers }) => workers.filter(({ paused, busy }) => paused && busy === 0).length === 2);
    expect(await pm.run("resume async")).toEqual(did("async: 2 workers resumed"));
    expect(await pm.run("resume async")).toEqual(did("async: not paused"));
    await until(() => before.every((pid) => stateOf(pid ?? 0) !== "T"));
    expect(await pids()).toEqual(before);
  });

  test("scale adds and takes away workers, and --auto gives the size back to the file", async () => {
    const before = await pids();
    expect(await pm.run("scale async 5")).toEqual(did("async: 3 → 5 workers by hand, until pm scale async --auto"));
    const grown = await pids();
    expect([changed(before, grown), grown.includes(null)]).toEqual([[3, 4], false]);
    expect(await pm.metric('autoscaler_target_workers{consumer="async"}')).toBe(5);
    expect(await pm.consumer("async")).toMatchObject({ target: 5, ready: 5, sized_by: "person" });
    expect(await pm.run("explain async")).toEqual(
      did("async: 5 workers. A person has set its size to 5; pm scale async --auto gives it back"),
    );
    const explained = await pm.run("explain async --json");
    expect(await pm.isAsDescribed(JSON.parse(explained.stdout), "GET /v1/consumers/{consumer}/explain")).toBe(true);
    expect(await pm.run("scale async --auto")).toEqual(did("async: its size is up to what the file says (3) again"));
    const { target, sized_by: by, workers } = await pm.consumer("async");
    expect([target, by, workers.length]).toEqual([3, "file", 3]);
    expect(workers.filter(({ pid }) => !grown.includes(pid))).toEqual([]);
  });

  test("signal reaches the worker, or its process group", async () => {
    const before = (await pm.consumer("async")).workers;
    expect(await pm.run(`signal async:${before[0]?.slot} TERM`)).toEqual(did("async: SIGTERM sent to 1 worker"));
    await pm.record("Worker restarting after expected exit.", { worker: before[0]?.worker, reason: "exit_success" });
    const after = await pm.seen("async", ({ workers }) => workers.every(({ state }) => state === "ready"));
    expect(after.workers.map(({ pid }, at) => pid === before[at]?.pid)).toEqual([false, true, true]);
    expect(await pm.run("signal async SIGWINCH --group")).toEqual(did("async: SIGWINCH sent to 3 workers"));
    expect((await pm.consumer("async")).workers.map(({ pid }) => pid)).toEqual(after.workers.map(({ pid }) => pid));
  });

  test("logs are shown and followed, of one worker or of all", async () => {
    const slot = (await pm.consumer("async")).workers[0]?.slot;
    const recent = await pm.run(`logs async:${slot} -n 3 --stream stdout`);
    expect(recent.stdout.split("\n").map((line) => line.replace(/\{.*/u, "{").slice(9))).toEqual(
      Array(3).fill(`[async:${slot}] {`),
    );
    const json = (await pm.run("logs -n 20 --json")).stdout.split("\n").map((line): unknown => JSON.parse(line));
    expect(json.length).toBe(20);
    for (const line of json) expect(await pm.isAsDescribed(line, "GET /v1/logs")).toBe(true);
    const following = await pm.follow("logs async -f -n 0");
    await pm.run("restart async");
    await following.stdout.find((line) => /^\d\d:\d\d:\d\d \[async:\d\] \{"message":"handling"/u.test(line));
    following.interrupt();
    expect(await following.exited).toBe(0);
    expect(following.stderr.all).toEqual([]);
  });

  test("events are shown and followed, with who and why", async () => {
    const following = await pm.follow("events async -f -n 1");
    await following.stdout.find(() => true);
    await pm.run(`restart async:${(await pm.consumer("async")).workers[0]?.slot} --reason`, "to see it");
    const told = await following.stdout.find((line) => line.includes("(to see it)"));
    expect(told).toMatch(/^\d\d:\d\d:\d\d \S.*: async: 1 worker restarted in [\d.]+ s \(to see it\)$/u);
    following.interrupt();
    expect([await following.exited, following.stderr.all]).toEqual([0, []]);
    const json = (await pm.run("events --json")).stdout.split("\n").map((line): unknown => JSON.parse(line));
    for (const line of json) expect(await pm.isAsDescribed(line, "GET /v1/events")).toBe(true);
  });

  test("reload takes on another size without a restart, after --plan has told so", async () => {
    const before = await pids();
    pm.rewrite(farm(4));
    expect(await pm.run("reload --plan")).toEqual(did("~ async: size 3 → 4, nobody restarts"));
    expect(await pids()).toEqual(before);
    const { exitCode, stdout } = await pm.run("reload");
    expect([exitCode, stdout.split("\n")[0]]).toEqual([0, "~ async: size 3 → 4, nobody restarts"]);
    const after = await pids();
    expect([after.length, before.filter((pid) => !after.includes(pid))]).toEqual([4, []]);
    expect(await pm.metric('pm_config_reloads_total{result="success"}')).toBe(1);
    pm.rewrite(farm(3));
    const { stdout: json } = await pm.run("reload --json");
    expect(await pm.isAsDescribed(JSON.parse(json), "POST /v1/reload")).toBe(true);
  });

  test("shutdown comes back when all has gone; no message was lost, none was handled twice, nobody was killed", async () => {
    await pm.until('messages_processed_total{consumer="async",transport="async"}', (value) => value === jobs.count);
    const { exitCode, stdout, stderr } = await pm.run("shutdown --reason", "the end");
    expect([exitCode, stdout]).toEqual([0, `pm (pid ${pm.pid}) has stopped`]);
    expect(stderr).toContain(`pm (pid ${pm.pid}) is stopping; waiting for async:`);
    expect(stderr).toContain("pm stops its workers (the end)");
    expect(isAlive(pm.pid)).toBe(false);
    expect(await pm.process.exited).toBe(0);
    expect(application.ledger().toSorted()).toEqual(idsOf(jobs).toSorted());
    expect(await application.unfinished("async")).toBe(0);
    expect(
      pm.stderr.all.filter((line) => line.includes("SIGKILL") || line.includes("Messages in flight lost")),
    ).toEqual([]);
    expect(processesWith(pm.mark)).toEqual([]);
  });
});
