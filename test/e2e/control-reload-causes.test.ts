import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { farmFile } from "../support/farm-file.ts";
import { allPids, allRunWith, base, kept, steady, untouched } from "../support/reload-farm.ts";
import { did, SteeredPm } from "../support/steered-pm.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(20_000);

/** A farm that heeds changes of its file, with so many workers of `one`. */
const watching = (processes: number, reloadOnChange = true): string =>
  farmFile({ ...base, one: { ...steady, processes } }, { reload_on_change: reloadOnChange });

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
    await allRunWith("LEVEL=debug\0", after["one"], "environ");
    say("LEVEL=debug\nTOKEN=another\n");
    await pm.records("Configuration reloaded.", 2, { by: "file change" });
    expect(kept(after, await allPids(pm))).toEqual({ ...untouched, one: "0 of 1" });
    expect(pm.stderr.all.filter((line) => line.includes("hush") || line.includes("another"))).toEqual([]);
  });
});
