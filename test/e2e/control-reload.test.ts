import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConsumerText, farmFile, sh } from "../support/farm-file.ts";
import { FolderQueue } from "../support/folder-queue.ts";
import { isAlive } from "../support/proc.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { did, failed, SteeredPm } from "../support/steered-pm.ts";

setDefaultTimeout(20_000);

/** Stays until it is told to stop. */
const steady: ConsumerText = { command: ["sleep", "1000"], min_uptime: "50ms" };
const scaling = (min: number, max: number, target = 0.7): ConsumerText => ({
  ...steady,
  autoscaler: { min, max, strategy: { type: "utilization", target } },
});

const pair = { ...steady, processes: 2 };
const base = { pair, one: steady, scaled: scaling(1, 3) };

/** A farm that heeds changes of its file, with so many workers of `one`. */
const watching = (processes: number, reloadOnChange = true): string =>
  farmFile({ ...base, one: { ...steady, processes } }, { reload_on_change: reloadOnChange });

type Pids = Readonly<Record<string, readonly (number | null)[]>>;

/** The pids of every consumer, in the order of their slots. */
async function allPids(pm: SteeredPm): Promise<Pids> {
  const { consumers } = await pm.status();
  return Object.fromEntries(consumers.map(({ consumer, workers }) => [consumer, workers.map(({ pid }) => pid)]));
}

/** How many of the processes of each consumer are the same as before. */
function kept(before: Pids, after: Pids): Record<string, string> {
  return Object.fromEntries(
    Object.entries(after).map(([name, pids]) => {
      const same = pids.filter((pid) => pid !== null && before[name]?.includes(pid)).length;
      return [name, `${same} of ${pids.length}`];
    }),
  );
}

const untouched = { pair: "2 of 2", one: "1 of 1", scaled: "1 of 1" };

describe("what a reload does, and to whom", () => {
  test.each<
    readonly [string, Readonly<Record<string, ConsumerText>>, ConsumerText, string[], Record<string, string>, string]
  >([
    [
      "a consumer added",
      { ...base, more: pair },
      {},
      ["+ more: size 2"],
      { ...untouched, more: "0 of 2" },
      "1 consumer added",
    ],
    [
      "a consumer removed",
      { pair, scaled: base.scaled },
      {},
      ["- one: size 1"],
      { pair: "2 of 2", scaled: "1 of 1" },
      "1 consumer removed",
    ],
    [
      "a larger size",
      { ...base, pair: { ...pair, processes: 4 } },
      {},
      ["~ pair: size 2 → 4, nobody restarts"],
      { ...untouched, pair: "2 of 4" },
      "1 consumer resized",
    ],
    [
      "a smaller size",
      { ...base, pair: { ...pair, processes: 1 } },
      {},
      ["~ pair: size 2 → 1, nobody restarts"],
      { ...untouched, pair: "1 of 1" },
      "1 consumer resized",
    ],
    [
      "another maximum of the autoscaler",
      { ...base, scaled: scaling(1, 5) },
      {},
      ["~ scaled: size 1..3 → 1..5, nobody restarts"],
      untouched,
      "1 consumer resized",
    ],
    [
      "a larger minimum of the autoscaler",
      { ...base, scaled: scaling(2, 3) },
      {},
      ["~ scaled: size 1..3 → 2..3, nobody restarts"],
      { ...untouched, scaled: "1 of 2" },
      "1 consumer resized",
    ],
    [
      "another target of the autoscaler",
      { ...base, scaled: scaling(1, 3, 0.5) },
      {},
      ["~ scaled: autoscaler changed, nobody restarts"],
      untouched,
      "1 consumer resized",
    ],
    [
      "an autoscaler in the place of a size",
      { ...base, pair: scaling(1, 3) },
      {},
      ["~ pair: size 2 → 1..3, nobody restarts"],
      untouched,
      "1 consumer resized",
    ],
    [
      "rules and limits",
      { ...base, pair: { ...pair, stop_timeout: 3, failure_limit: 2, max_memory: "1G" } },
      {},
      [". pair: stop_timeout, failure_limit, max_memory changed, in place"],
      untouched,
      "1 consumer changed in place",
    ],
    [
      "another command",
      { ...base, pair: { ...pair, command: ["sleep", "2000"] } },
      {},
      ["! pair: command changed, rolling restart"],
      { ...untouched, pair: "0 of 2" },
      "1 consumer restarted",
    ],
    [
      "another variable, of which only the name is told",
      { ...base, one: { ...steady, env: { TOKEN: "secret" } } },
      {},
      ["! one: env.TOKEN changed, rolling restart"],
      { ...untouched, one: "0 of 1" },
      "1 consumer restarted",
    ],
    [
      "another command and another size",
      { ...base, pair: { ...pair, command: ["sleep", "2000"], processes: 3 } },
      {},
      ["! pair: command, processes changed, rolling restart; size 2 → 3"],
      { ...untouched, pair: "0 of 3" },
      "1 consumer restarted",
    ],
    [
      "all at once",
      { pair: { ...pair, processes: 3 }, one: { ...steady, cwd: "/" }, more: steady },
      { total_cap: 9 },
      [
        "~ pair: size 2 → 3, nobody restarts",
        "! one: cwd changed, rolling restart",
        "+ more: size 1",
        "- scaled: size 1..3",
        ". total_cap changed, in place",
      ],
      { pair: "2 of 3", one: "0 of 1", more: "0 of 1" },
      "1 consumer added, 1 consumer removed, 1 consumer resized, 1 consumer restarted, total_cap changed",
    ],
    [
      "keys of the farm",
      base,
      { total_cap: 50, autoscaler_interval_sec: 3 },
      [". total_cap, autoscaler_interval_sec changed, in place"],
      untouched,
      "total_cap, autoscaler_interval_sec changed",
    ],
    [
      "the shutdown_timeout, which is the stop_timeout of all",
      base,
      { shutdown_timeout: 9 },
      [
        ". pair: stop_timeout changed, in place",
        ". one: stop_timeout changed, in place",
        ". scaled: stop_timeout changed, in place",
        ". shutdown_timeout changed, in place",
      ],
      untouched,
      "3 consumers changed in place, shutdown_timeout changed",
    ],
    [
      "keys that need another start of pm",
      base,
      { http_server: { port: 1 }, control: { mode: "0660" } },
      ["! http_server, control changed: holds when pm itself is started again"],
      untouched,
      "http_server, control left for the next start of pm",
    ],
  ])("%s", async (_, consumers, top, lines, expected, summary) => {
    await using pm = new SteeredPm(farmFile(base));
    await pm.records("Worker started.", 4);
    const before = await allPids(pm);
    pm.rewrite(farmFile(consumers, top));
    expect(await pm.run("reload --plan")).toEqual(did(lines.join("\n")));
    expect(await allPids(pm)).toEqual(before);
    const { exitCode, stdout, stderr } = await pm.run("reload --reason", "a test");
    expect([exitCode, ...stdout.split("\n").slice(0, -1), stderr]).toEqual([0, ...lines, ""]);
    expect(stdout.split("\n").at(-1)).toMatch(new RegExp(`^${summary} in [\\d.]+ s$`, "u"));
    await pm.settled();
    const after = await allPids(pm);
    expect(kept(before, after)).toEqual(expected);
    const gone = Object.entries(before).flatMap(([name, pids]) => pids.filter((pid) => !after[name]?.includes(pid)));
    expect(gone.filter((pid) => isAlive(pid ?? 0))).toEqual([]);
    expect(await pm.metric('pm_config_reloads_total{result="success"}')).toBe(1);
    expect((await pm.run("events -n 1")).stdout).toEndWith(" s (a test)");
    expect((await pm.status()).last_reload).toMatchObject({ result: "done" });
    expect(await pm.stop()).toBe(0);
  });

  test("nothing, when only the text has changed", async () => {
    await using pm = new SteeredPm(farmFile(base));
    await pm.records("Worker started.", 4);
    const before = await allPids(pm);
    pm.rewrite(`# a comment\n${farmFile({ scaled: base.scaled, one: base.one, pair })}\n`);
    expect(await pm.run("reload --plan")).toEqual(did("nothing would change"));
    expect(await pm.run("reload")).toEqual(did("nothing has changed"));
    expect(await allPids(pm)).toEqual(before);
  });

  test("what needs another start is told until there has been one", async () => {
    await using pm = new SteeredPm(farmFile(base));
    const address = await pm.address();
    pm.rewrite(farmFile(base, { http_server: { port: 1 } }));
    const line = "! http_server changed: holds when pm itself is started again";
    for (let times = 0; times < 2; times++) expect((await pm.run("reload")).stdout).toStartWith(`${line}\n`);
    expect((await fetch(`${address}/livez`)).status).toBe(200);
    expect(await pm.run("reload --plan")).toEqual(did(line));
  });

  test("a size set by hand stays, and so does what a person has stopped", async () => {
    await using pm = new SteeredPm(farmFile(base));
    await pm.run("scale pair 3");
    await pm.run("stop one");
    const before = await allPids(pm);
    pm.rewrite(farmFile({ ...base, pair: { ...pair, processes: 5 }, one: { ...steady, command: ["sleep", "2000"] } }));
    expect((await pm.run("reload")).exitCode).toBe(0);
    expect(await allPids(pm)).toEqual(before);
    expect(await pm.run("scale pair --auto")).toEqual(did("pair: its size is up to what the file says (5) again"));
    expect((await pm.run("start one")).exitCode).toBe(0);
    expect(kept(before, await allPids(pm))).toEqual({ pair: "3 of 5", one: "0 of 1", scaled: "1 of 1" });
    const [pid] = await pm.pids("one");
    expect(await Bun.file(`/proc/${pid}/cmdline`).text()).toBe("sleep\x002000\x00");
  });
});

describe("a file that cannot be taken", () => {
  test("changes nothing and says why: broken, of unknown keys, or not there", async () => {
    await using pm = new SteeredPm(farmFile(base));
    await pm.records("Worker started.", 4);
    const [before, good] = [await allPids(pm), farmFile(base)];
    const rejected = "pm reload: the file is invalid; nothing has changed";
    const file = join(pm.folder, "pm.yaml");
    const broken: readonly (readonly [string | null, RegExp])[] = [
      [
        "consumers: {one: {comand: [a]}}",
        /^.*pm\.yaml:1:19: consumers\.one\.comand: unknown key, did you mean command\?$/mu,
      ],
      ["consumers: [", /^.*pm\.yaml:1:\d+: .+$/mu],
      [farmFile({}), /^.*pm\.yaml:1:\d+: consumers: .+$/mu],
      [null, /^.*pm\.yaml:1:1: there is no such file; .+$/mu],
    ];
    for (const [text, problem] of broken) {
      if (text === null) rmSync(file);
      else pm.rewrite(text);
      for (const words of ["reload", "reload --plan"]) {
        const { exitCode, stdout, stderr } = await pm.run(words);
        expect([exitCode, stdout, stderr.split("\n").at(-1)]).toEqual([78, "", rejected]);
        expect(stderr).toMatch(problem);
        expect(stderr).not.toContain("  at ");
      }
      expect(await allPids(pm)).toEqual(before);
    }
    expect(await pm.metric('pm_config_reloads_total{result="failure"}')).toBe(broken.length);
    expect(await pm.metric('pm_config_reloads_total{result="success"}')).toBe(0);
    expect((await pm.run("status")).stdout).toContain("rejected: the file is invalid; nothing has changed");
    const { stdout } = await pm.run("reload --json");
    expect(await pm.isAsDescribed(JSON.parse(stdout), "POST /v1/reload", 422)).toBe(true);
    pm.rewrite(good);
    expect(await pm.run("reload")).toEqual(did("nothing has changed"));
  });

  test("a definition that does not run: all is put back, and what else the file says does not come to be", async () => {
    await using pm = new SteeredPm(farmFile(base));
    await pm.records("Worker started.", 4);
    const before = await allPids(pm);
    const pairs = { ...pair, command: ["sleep", "2000"] };
    pm.rewrite(farmFile({ pair: pairs, one: { ...steady, command: sh("exit 9") }, more: steady }, { total_cap: 9 }));
    const { exitCode, stdout, stderr } = await pm.run("reload");
    const why = "one: worker 3 failed with its new definition: exit code 9; all is as it was";
    expect([exitCode, stdout, stderr.split("\n").at(-1)]).toEqual([1, "", `pm reload: ${why}`]);
    await pm.seen("one", ({ ready }) => ready === 1);
    await pm.seen("pair", ({ ready }) => ready === 2);
    const after = await allPids(pm);
    expect(kept(before, after)).toEqual({ pair: "1 of 2", one: "0 of 1", scaled: "1 of 1" });
    const commands = [...(after["pair"] ?? []), ...(after["one"] ?? [])].map((pid) =>
      Bun.file(`/proc/${pid}/cmdline`).text(),
    );
    expect(new Set(await Promise.all(commands))).toEqual(new Set(["sleep\x001000\x00"]));
    expect(await pm.status()).toMatchObject({ total_cap: null, last_reload: { result: "failed", message: why } });
    expect(await pm.metric('pm_config_reloads_total{result="failure"}')).toBe(1);
    expect((await pm.run("reload --plan")).stdout.split("\n").length).toBe(5); // it is all still to be done
  });
});

test("an added consumer that does not run: it is told, and the rest of the file holds", async () => {
  await using pm = new SteeredPm(farmFile(base));
  await pm.records("Worker started.", 4);
  const before = await allPids(pm);
  const bad = { ...steady, command: sh("exit 9"), failure_limit: 2 };
  pm.rewrite(farmFile({ ...base, bad }, { reload_on_change: true }));
  const { exitCode, stderr } = await pm.run("reload");
  expect([exitCode, stderr.split("\n").at(-1)]).toEqual([
    1,
    expect.stringMatching(/^pm reload: 1 consumer added, .+; bad: worker 5 failed: exit code 9$/u),
  ]);
  expect(kept(before, await allPids(pm))).toEqual({ ...untouched, bad: "0 of 1" });
  expect((await pm.consumer("bad")).workers[0]?.failure_limit).toBe(2);
  pm.rewrite(farmFile(base, { reload_on_change: true })); // which is heeded by now
  await pm.record("Consumer removed.", { consumer: "bad" });
});

describe("what else leads to a reload", () => {
  test("SIGHUP", async () => {
    await using pm = new SteeredPm(farmFile(base));
    await pm.records("Worker started.", 4);
    const before = await allPids(pm);
    pm.rewrite(farmFile({ ...base, one: { ...steady, processes: 2 } }));
    pm.signal("SIGHUP");
    await pm.record("Configuration reloaded.", { by: "SIGHUP" });
    expect(kept(before, await allPids(pm))).toEqual({ ...untouched, one: "1 of 2" });
    pm.rewrite("consumers: [");
    pm.signal("SIGHUP");
    await pm.record("Configuration rejected.", { by: "SIGHUP" });
    expect(kept(before, await allPids(pm))).toEqual({ ...untouched, one: "1 of 2" });
  });

  test("a change of the file where the file says so: by renaming, by writing, after a broken one", async () => {
    await using pm = new SteeredPm(watching(1));
    await pm.records("Worker started.", 4);
    const before = await allPids(pm);
    const one = (count: number): Promise<unknown> => pm.seen("one", ({ workers }) => workers.length === count);
    pm.rewrite(watching(2));
    await one(2);
    pm.rewrite("consumers: [");
    await pm.record("Configuration rejected.", { by: "file change" });
    pm.rewrite(watching(3));
    await one(3);
    writeFileSync(join(pm.folder, "pm.yaml"), watching(4));
    await one(4);
    expect(kept(before, await allPids(pm))).toEqual({ ...untouched, one: "1 of 4" });
    pm.rewrite(watching(4, false)); // which is a change as well
    await pm.stderr.find((line) => line.includes('"outcome":"reload_on_change changed in '));
    pm.rewrite(watching(5, false));
    expect(await pm.run("reload --plan")).toEqual(did("~ one: size 4 → 5, nobody restarts"));
  });

  test("a change of an env_file restarts only whom it concerns", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "one.env");
    const say = (text: string): void => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    say("LEVEL=info\nTOKEN=hush\n");
    const one = { ...steady, env_file: file };
    await using pm = new SteeredPm(farmFile({ ...base, one }, { reload_on_change: true }));
    await pm.records("Worker started.", 4);
    const before = await allPids(pm);
    say("LEVEL=debug\nTOKEN=hush\n");
    await pm.record("Configuration reloaded.", { by: "file change" });
    const after = await allPids(pm);
    expect(kept(before, after)).toEqual({ ...untouched, one: "0 of 1" });
    expect(await Bun.file(`/proc/${after["one"]?.[0]}/environ`).text()).toContain("LEVEL=debug\0");
    say("LEVEL=debug\nTOKEN=another\n");
    await pm.records("Configuration reloaded.", 2, { by: "file change" });
    expect(kept(after, await allPids(pm))).toEqual({ ...untouched, one: "0 of 1" });
    expect(pm.stderr.all.filter((line) => line.includes("hush") || line.includes("another"))).toEqual([]);
  });
});

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
