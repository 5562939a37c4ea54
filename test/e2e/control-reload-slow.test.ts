import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { farmFile } from "../support/farm-file.ts";
import { FolderQueue } from "../support/folder-queue.ts";
import { allPids, kept, pair, steady } from "../support/reload-farm.ts";
import { did, failed, SteeredPm } from "../support/steered-pm.ts";

setDefaultTimeout(20_000);

describe("processes that take their time", () => {
  test("a removed consumer's busy worker finishes its message first", async () => {
    await using queue = new FolderQueue("work");
    const work = { ...queue.consumer, processes: 2 };
    await using pm = new SteeredPm(farmFile({ work, steady }));
    const messages = queue.put(1, "held");
    await pm.seen("work", ({ busy, ready }) => busy === 1 && ready === 2);
    pm.rewrite(farmFile({ steady }));
    const reload = pm.run("reload");
    await pm.stdout.find((line) => line.includes("told to stop with message-0 in hand"));
    const { state, workers } = await pm.seen("work", (status) => status.workers.length === 1);
    expect([state, workers[0]?.state, workers[0]?.busy]).toEqual(["draining", "draining", 1]);
    queue.release();
    expect((await reload).stdout).toMatch(/^- work: size 2\n1 consumer removed in [\d.]+ s$/u);
    expect(queue.done()).toEqual(messages);
    expect((await pm.status()).consumers.map(({ consumer }) => consumer)).toEqual(["steady"]);
    await pm.record("Consumer removed.", { consumer: "work" });
    expect(await pm.run("start work")).toEqual(failed('pm start: no consumer is called "work"; there are steady'));
  });

  test("one that is added again meanwhile is back at once, beside the worker that still drains", async () => {
    await using queue = new FolderQueue("work");
    const work = { ...queue.consumer, processes: 2, min_uptime: "50ms" };
    await using pm = new SteeredPm(farmFile({ work, steady }));
    const messages = queue.put(1, "held");
    const before = await pm.seen("work", ({ busy, ready }) => busy === 1 && ready === 2);
    pm.rewrite(farmFile({ steady }));
    const removal = pm.run("reload");
    await pm.stdout.find((line) => line.includes("told to stop with message-0 in hand"));
    pm.rewrite(farmFile({ work, steady }));
    expect((await pm.run("reload")).stdout).toMatch(/^\+ work: size 2\n1 consumer added in [\d.]+ s$/u);
    const back = await pm.consumer("work");
    expect(back.workers.map(({ state }) => state).toSorted()).toEqual(["draining", "ready", "ready"]);
    expect((await removal).exitCode).toBe(0);
    queue.release();
    const after = await pm.seen("work", ({ workers }) => workers.length === 2);
    expect(after.workers.filter(({ pid }) => before.workers.some((each) => each.pid === pid))).toEqual([]);
    expect(queue.done()).toEqual(messages);
  });

  test("a smaller total_cap is reached by scaling down, and nobody is killed for it", async () => {
    const rules = [{ cron: "* * * * *", min: 4, max: 4 }];
    const scaled = {
      ...steady,
      autoscaler: {
        min: 1,
        max: 4,
        scale_down_step: 4,
        scale_up_step: 4,
        scale_up_cooldown_sec: 0,
        scale_down_cooldown_sec: 0,
        strategy: { type: "schedule", rules },
      },
    };
    const farm = (cap: number): string =>
      farmFile({ pair, scaled }, { total_cap: cap, autoscaler_interval_sec: 1, host_brake: false });
    await using pm = new SteeredPm(farm(6));
    await pm.seen("scaled", ({ ready }) => ready === 4);
    const before = await allPids(pm);
    pm.rewrite(farm(3));
    expect((await pm.run("reload")).stdout).toMatch(/^\. total_cap changed, in place\ntotal_cap changed in [\d.]+ s$/u);
    await pm.seen("scaled", ({ workers }) => workers.length === 1);
    expect(kept(before, await allPids(pm))).toEqual({ pair: "2 of 2", scaled: "1 of 1" });
    expect(await pm.run("scale pair 3")).toEqual(
      failed("pm scale: pair: total_cap leaves room for 2 of it now, not 3; scale something else down first"),
    );
    expect(pm.stderr.all.filter((line) => line.includes("SIGKILL"))).toEqual([]);
  });

  test("a reload during a rolling restart is refused where both want the same workers, and changes nothing", async () => {
    await using queue = new FolderQueue("work");
    const work = { ...queue.consumer, processes: 2, min_uptime: "50ms" };
    await using pm = new SteeredPm(farmFile({ work, one: steady }));
    queue.put(2, "held");
    await pm.seen("work", ({ busy, ready }) => busy === 2 && ready === 2);
    const rolling = pm.run("restart work --rolling");
    await pm.record("Sent SIGTERM to worker.");
    const before = await allPids(pm);
    pm.rewrite(farmFile({ work: { ...work, stop_signal: "INT", cwd: "/" }, one: pair }));
    const { exitCode, stdout, stderr } = await pm.run("reload");
    expect([exitCode, stdout, stderr.split("\n").at(-1)]).toEqual([
      1,
      "",
      "pm reload: a rolling restart is under way; wait for its end",
    ]);
    expect(await pm.run("restart work")).toEqual(
      failed("pm restart: work: a rolling restart is under way; wait for its end"),
    );
    expect(await allPids(pm)).toEqual(before);
    pm.rewrite(farmFile({ work, one: pair }));
    expect((await pm.run("reload")).stdout).toStartWith("~ one: size 1 → 2, nobody restarts\n");
    queue.release();
    expect(await rolling).toEqual(did(/work: 2 workers restarted one after the other in [\d.]+ s/));
    expect(queue.done().length).toBe(2);
    expect(kept(before, await allPids(pm))).toEqual({ work: "0 of 2", one: "1 of 2" });
  });
});
