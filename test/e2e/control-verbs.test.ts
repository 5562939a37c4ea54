import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConsumerText, farmFile, sh } from "../support/farm-file.ts";
import { isAlive } from "../support/proc.ts";
import { did, failed, SteeredPm } from "../support/steered-pm.ts";

setDefaultTimeout(20_000);

const quick = { min_uptime: "50ms" };
/** Stays until it is told to stop. */
const steady: ConsumerText = { command: ["sleep", "1000"], ...quick };
/** Fails as long as there is no file `mended` in the folder of pm, and waits an hour before the next try. */
const failing: ConsumerText = {
  command: sh("test -e mended && exec sleep 1000; exit 7"),
  ...quick,
  failure_limit: 1,
  failure_window: "3h",
  backoff_base: "1h",
  backoff_max: "1h",
  backoff_jitter: 0,
};
const mend = (pm: SteeredPm): void => writeFileSync(join(pm.folder, "mended"), "");

/** What a command says, and the state the one worker of `odd` is in then. */
async function saying(pm: SteeredPm, words: string): Promise<readonly [unknown, string | undefined]> {
  return [await pm.run(words), (await pm.consumer("odd")).workers[0]?.state];
}

/** A farm in which the worker of `odd` waits for its next start. */
async function backoff(): Promise<SteeredPm> {
  const pm = new SteeredPm(farmFile({ odd: failing, steady }));
  await pm.seen("odd", ({ workers }) => workers[0]?.state === "backoff");
  return pm;
}

describe("a worker that waits for its next start", () => {
  const why = "odd: worker 1 (slot 0) failed: exit code 7";

  test("start tries at once, tells how that ended, and forgets the failures before", async () => {
    await using pm = await backoff();
    for (let tries = 0; tries < 3; tries++) {
      expect(await saying(pm, "start odd")).toEqual([failed(`pm start: ${why}`), "backoff"]);
      expect((await pm.consumer("odd")).workers[0]).toMatchObject({ failures: 1, restarts: 2 + tries });
    }
    mend(pm);
    expect(await saying(pm, "start odd")).toEqual([did(/odd: 1 worker started in [\d.]+ s/), "ready"]);
    expect(await saying(pm, "start odd:0")).toEqual([did("odd: that worker is running already"), "ready"]);
  });

  test("restart and a rolling restart try at once, too", async () => {
    await using pm = await backoff();
    expect(await saying(pm, "restart odd")).toEqual([failed(`pm restart: ${why}`), "backoff"]);
    expect(await saying(pm, "restart odd --rolling")).toEqual([
      failed(`pm restart: ${why}; 0 restarted, 0 left as they were`),
      "backoff",
    ]);
    mend(pm);
    expect(await saying(pm, "restart odd:0")).toEqual([did(/odd: 1 worker restarted in [\d.]+ s/), "ready"]);
  });

  test("stop keeps it away, and start brings it back", async () => {
    await using pm = await backoff();
    expect(await saying(pm, "stop odd")).toEqual([did(/odd: 1 worker stopped in [\d.]+ s/), "stopped"]);
    expect(await saying(pm, "stop odd")).toEqual([did("odd: stopped already"), "stopped"]);
    mend(pm);
    expect(await saying(pm, "start odd:0")).toEqual([did(/odd: 1 worker started in [\d.]+ s/), "ready"]);
  });

  test("pause holds it back, and resume starts it", async () => {
    await using pm = await backoff();
    expect(await saying(pm, "pause odd")).toEqual([did("odd: 1 worker paused"), "backoff"]);
    expect((await pm.consumer("odd")).workers[0]).toMatchObject({ paused: true, next_start_at: null });
    expect(await saying(pm, "signal odd HUP")).toEqual([
      failed("pm signal: odd: no process of it runs that could get SIGHUP"),
      "backoff",
    ]);
    mend(pm);
    expect(await saying(pm, "resume odd")).toEqual([did("odd: 1 worker resumed"), "ready"]);
  });

  test("status says when, why, and how often", async () => {
    await using pm = await backoff();
    expect((await pm.run("status odd")).stdout).toMatch(
      /odd:0 +1 +backoff .* next start in 1h( 0m)?; failures 1 of 1 in 3h( 0m)?; last exit: exit code 7, \ds ago$/mu,
    );
  });
});

describe("a consumer that has given up", () => {
  test("start and restart bring it back; stop takes it out of the failures", async () => {
    const odd = {
      command: sh("test -e mended && exec sleep 1000; exit 3"),
      ...quick,
      exit_codes: { never_restart: [3] },
    };
    await using pm = new SteeredPm(farmFile({ odd, steady }));
    await pm.record("Consumer parked.");
    expect((await pm.get("/readyz")).status).toBe(503);
    const why = "odd: worker 1 (slot 0) failed: exit code 3";
    expect(await saying(pm, "start odd")).toEqual([failed(`pm start: ${why}`), "parked"]);
    expect(await saying(pm, "restart odd:0")).toEqual([failed(`pm restart: ${why}`), "parked"]);
    expect(await saying(pm, "pause odd")).toEqual([
      failed("pm pause: odd: nothing runs that could be paused"),
      "parked",
    ]);
    expect(await pm.consumer("odd")).toMatchObject({
      state: "parked",
      why: "given up: its exit code forbids a restart",
    });
    expect(await saying(pm, "stop odd")).toEqual([did("odd: stopped already"), "stopped"]);
    expect((await pm.get("/readyz")).status).toBe(200);
    mend(pm);
    expect(await saying(pm, "start odd")).toEqual([did(/odd: 1 worker started in [\d.]+ s/), "ready"]);
    expect(await pm.consumer("odd")).toMatchObject({ state: "running", why: null });
  });

  test("one worker over its limit parks the pool; start brings back all of it", async () => {
    const script = 'test -e mended || test "$PM_WORKER_SLOT" = 1 || exit 7; exec sleep 1000';
    const odd = { ...steady, command: sh(script), processes: 2, failure_limit: 1, backoff_base: "10ms" };
    await using pm = new SteeredPm(farmFile({ odd: { ...odd, on_failure_limit: "park" } }));
    await pm.seen("odd", ({ workers }) => workers.every(({ state }) => state === "parked"));
    const { exitCode, stderr } = await pm.run("start odd");
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/^pm start: odd: [12] of 2 workers not started; worker 1 \(slot 0\) failed: exit code 7$/u),
    ]);
    mend(pm);
    await pm.run("start odd");
    expect(await pm.run("start odd")).toEqual(did("odd: running already"));
    expect((await pm.consumer("odd")).workers.map(({ state }) => state)).toEqual(["ready", "ready"]);
  });
});

describe("a worker that has finished", () => {
  test("start and restart run it once more; stop says there is nothing to do", async () => {
    const odd = { command: sh("echo once"), restart: "on-failure", ...quick };
    await using pm = new SteeredPm(farmFile({ odd, steady }));
    await pm.record("Worker finished.");
    expect(await saying(pm, "start odd")).toEqual([did(/odd: 1 worker started in [\d.]+ s/), "finished"]);
    expect(await saying(pm, "restart odd:0")).toEqual([did(/odd: 1 worker restarted in [\d.]+ s/), "finished"]);
    await pm.stdout.count((line) => line === "[worker 1 odd] once", 3);
    expect(await saying(pm, "pause odd:0")).toEqual([
      failed("pm pause: odd: nothing runs that could be paused"),
      "finished",
    ]);
    expect(await saying(pm, "stop odd")).toEqual([did("odd: stopped already"), "stopped"]);
    expect(pm.stdout.all.filter((line) => line === "[worker 1 odd] once").length).toBe(3);
  });
});

describe("a worker that cannot be started", () => {
  test("the command says why", async () => {
    await using pm = new SteeredPm(farmFile({ odd: { ...failing, command: ["./nowhere"] }, steady }));
    await pm.record("Worker could not be started.");
    const { exitCode, stdout, stderr } = await pm.run("start odd");
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^pm start: odd: worker 1 \(slot 0\) failed: could not be started: .*nowhere.*$/u);
  });
});

describe("a worker that does not stop in time", () => {
  test("stop says how many were killed", async () => {
    const odd = { command: sh('trap "" TERM; echo up; sleep 1000'), ...quick, processes: 2, stop_timeout: "50ms" };
    await using pm = new SteeredPm(farmFile({ odd }));
    await pm.stdout.count((line) => line.endsWith(" up"), 2);
    expect(await saying(pm, "stop odd")).toEqual([
      did(/odd: 2 workers stopped in [\d.]+ s; 2 killed after stop_timeout/),
      "stopped",
    ]);
  });

  test("a start meanwhile brings it back as soon as it has gone, and stop says so", async () => {
    const odd = { command: sh('trap "" TERM; echo up; sleep 1000'), ...quick, stop_timeout: "1h" };
    await using pm = new SteeredPm(farmFile({ odd }));
    await pm.stdout.find((line) => line.endsWith(" up"));
    const [pid] = await pm.pids("odd");
    const stopping = pm.run("stop odd");
    await pm.record("Sent SIGTERM to worker.");
    expect(await pm.consumer("odd")).toMatchObject({ state: "stopped", why: "stopped by hand; 1 still running" });
    const starting = pm.run("start odd");
    await pm.seen("odd", ({ state }) => state !== "stopped");
    expect(await pm.run("signal odd KILL")).toEqual(did("odd: SIGKILL sent to 1 worker"));
    expect(await stopping).toEqual(failed("pm stop: odd: started again meanwhile"));
    expect(await starting).toEqual(did(/odd: 1 worker started in [\d.]+ s/));
    expect(await pm.pids("odd")).not.toEqual([pid ?? null]);
  });
});

describe("what is not there", () => {
  const unknown = ["start", "stop", "restart", "pause", "resume"];
  test("a consumer that is not there is told with the name that was meant", async () => {
    await using pm = new SteeredPm(farmFile({ steady }));
    const operations = [
      ...unknown.map((verb) => `${verb} stedy`),
      "scale stedy 2",
      "scale stedy --auto",
      "signal stedy HUP",
    ];
    for (const words of [...operations, "restart stedy --rolling", "stop stedy --no-wait"]) {
      const verb = words.split(" ")[0];
      expect(await pm.run(words)).toEqual(failed(`pm ${verb}: no consumer is called "stedy"; did you mean steady?`));
    }
    for (const words of ["status stedy", "logs stedy", "logs stedy -f", "events stedy", "explain stedy"]) {
      const verb = words.split(" ")[0];
      expect(await pm.run(words)).toEqual(failed(`pm ${verb}: no consumer is called "stedy"; did you mean steady?`));
    }
    for (const verb of unknown) {
      expect(await pm.run(`${verb} steady:4`)).toEqual(
        failed(`pm ${verb}: steady has no worker in slot 4; there are 0`),
      );
    }
    expect(pm.recorded("Sent SIGTERM to worker.")).toEqual([]);
    expect((await pm.run("events")).stdout.split("\n").length).toBe(1);
  });

  test("total_cap bounds a size set by hand", async () => {
    await using pm = new SteeredPm(farmFile({ steady, more: { ...steady, processes: 2 } }, { total_cap: 4 }));
    expect(await pm.run("scale steady 3")).toEqual(
      failed("pm scale: steady: total_cap leaves room for 2 of it now, not 3; scale something else down first"),
    );
    expect(await pm.run("scale steady 2")).toEqual(did("steady: 1 → 2 workers by hand, until pm scale steady --auto"));
    expect(await pm.run("scale steady 0")).toEqual(did("steady: 2 → 0 workers by hand, until pm scale steady --auto"));
    expect(await pm.pids("steady")).toEqual([]);
    expect(await pm.run("restart steady")).toEqual(did("steady: it has no worker now, so there is nothing to restart"));
    expect(await pm.run("start steady")).toEqual(did("steady: its size is 0 now, so there is nothing to start"));
    expect(await pm.run("scale more 4")).toEqual(did("more: 2 → 4 workers by hand, until pm scale more --auto"));
    expect(await pm.run("scale steady --auto")).toEqual(did("steady: its size is up to what the file says (1) again"));
    expect(await pm.consumer("steady")).toMatchObject({ target: 1, workers: [] });
  });
});

describe("a farm that goes away", () => {
  test("while a command waits: it says so, and what comes after reaches nobody", async () => {
    const odd = { command: sh('trap "" TERM; echo up; sleep 1000'), stop_timeout: "1h" };
    await using pm = new SteeredPm(farmFile({ odd }));
    await pm.stdout.find((line) => line.endsWith(" up"));
    const [stop, logs, events] = [
      await pm.follow("stop odd"),
      await pm.follow("logs -f"),
      await pm.follow("events -f"),
    ];
    await Promise.all([
      pm.record("Sent SIGTERM to worker."),
      logs.stdout.find(() => true),
      events.stdout.find(() => true),
    ]);
    pm.signal("SIGKILL");
    const ends = await Promise.all(
      [stop, logs, events].map(async ({ exited, stderr }) => {
        await stderr.ended;
        return { exitCode: await exited, said: stderr.all };
      }),
    );
    expect(ends).toEqual([
      { exitCode: 1, said: ["pm stop: pm went away before it answered"] },
      { exitCode: 0, said: ["pm logs: pm has ended"] },
      { exitCode: 0, said: ["pm events: pm has ended"] },
    ]);
    const left = await pm.run("status");
    expect(left).toEqual(failed(/pm: .*pm\.sock.*/, 69));
  });

  test("in order: whoever waits is told, and pm ends well", async () => {
    const odd = { command: sh('trap "" TERM; echo up; sleep 1000'), stop_timeout: "200ms", ...quick };
    await using pm = new SteeredPm(farmFile({ odd, steady }));
    await pm.stdout.find((line) => line.endsWith(" up"));
    const [stopping, worker] = [pm.run("stop odd"), (await pm.pids("odd"))[0] ?? 0];
    await pm.record("Sent SIGTERM to worker.");
    expect(await pm.run("shutdown --no-wait")).toEqual(did("pm stops its workers and then itself"));
    expect(await stopping).toEqual(failed("pm stop: pm is shutting down"));
    expect(await pm.process.exited).toBe(0);
    expect(isAlive(worker)).toBe(false);
  });

  test("Ctrl-C of a waiting command stops nothing that it has begun", async () => {
    const odd = { command: sh("echo up; exec sleep 1000"), ...quick };
    await using pm = new SteeredPm(farmFile({ odd: { ...odd, ready: { after: "1h" } } }));
    await pm.stdout.find((line) => line.endsWith(" up"));
    const restart = await pm.follow("restart odd");
    await pm.record("Worker restarting after expected exit.");
    restart.interrupt();
    expect([await restart.exited, (await restart.stderr.ended, restart.stderr.all)]).toEqual([
      130,
      ["pm restart: no longer waiting; what was begun goes on, pm status odd shows it"],
    ]);
    await pm.stdout.count((line) => line.endsWith(" up"), 2);
  });
});
