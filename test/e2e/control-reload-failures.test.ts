import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { farmFile, sh } from "../support/farm-file.ts";
import { allPids, allRunWith, base, kept, pair, steady, untouched } from "../support/reload-farm.ts";
import { did, SteeredPm } from "../support/steered-pm.ts";

setDefaultTimeout(20_000);

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
    await allRunWith("sleep\x001000\x00", [...(after["pair"] ?? []), ...(after["one"] ?? [])]);
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
