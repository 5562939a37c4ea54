import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type ConsumerText, farmFile } from "../support/farm-file.ts";
import { isAlive } from "../support/proc.ts";
import { allPids, allRunWith, base, kept, pair, scaling, steady, untouched } from "../support/reload-farm.ts";
import { did, SteeredPm } from "../support/steered-pm.ts";

setDefaultTimeout(20_000);

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
    await allRunWith("sleep\x002000\x00", await pm.pids("one"));
  });
});
