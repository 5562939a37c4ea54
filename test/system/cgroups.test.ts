import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { groupName } from "../../src/system/cgroup-path.ts";
import { Cgroups, openCgroups } from "../../src/system/cgroups.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/proc.ts";

const none = { memoryMaxBytes: null, cpuMax: null, pidsMax: null };
const all = { memoryMaxBytes: 64 * 1024 * 1024, cpuMax: 1.5, pidsMax: 20 };

/** A folder with the files that the kernel has in a group. New groups in it have none: their files must be there before. */
function fakeGroup(path: string, controllers: string, enabled: string, procs = ""): void {
  mkdirSync(path, { recursive: true });
  const files = {
    "cgroup.controllers": controllers,
    "cgroup.subtree_control": enabled,
    "cgroup.procs": procs,
    "cpu.max": "",
    "memory.max": "",
    "pids.max": "",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
}

function fakeTree(controllers: string, enabled: string, procs = "") {
  const folder = temporaryFolder();
  const group = join(folder.path, groupName(process.pid, "a"));
  const leaf = join(folder.path, groupName(process.pid, null));
  fakeGroup(folder.path, controllers, enabled, procs);
  fakeGroup(group, controllers, "");
  fakeGroup(leaf, controllers, "");
  const warnings: string[] = [];
  const cgroups = new Cgroups(folder.path, process.pid, (why) => warnings.push(why));
  return { root: folder.path, group, leaf, cgroups, warnings, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const textOf = (group: string, name: string): string => readFileSync(join(group, name), "latin1");

describe("the group of a consumer", () => {
  test("has its limits, and tells how to join it", () => {
    using tree = fakeTree("cpu memory pids", "cpu memory pids");
    expect(tree.cgroups.procsFile("a", all)).toBe(join(tree.group, "cgroup.procs"));
    const limits = ["cpu.max", "memory.max", "pids.max"].map((name) => textOf(tree.group, name));
    expect(limits).toEqual(["150000 100000", "67108864", "20"]);
    expect(tree.warnings).toEqual([]);
  });

  test("loses limits that are no more", () => {
    using tree = fakeTree("cpu memory pids", "memory");
    writeFileSync(join(tree.group, "memory.max"), "123");
    tree.cgroups.procsFile("a", none);
    expect(textOf(tree.group, "memory.max")).toBe("max");
  });

  test("with a controller that is not enabled yet, has pm move out of the way", () => {
    using tree = fakeTree("cpu memory pids", "", `${process.pid}\n999999999\n`);
    expect(tree.cgroups.procsFile("a", { ...none, memoryMaxBytes: 1_048_576 })).toBe(join(tree.group, "cgroup.procs"));
    expect(textOf(tree.leaf, "cgroup.procs")).toBe(String(process.pid)); // and not the stranger
    expect(textOf(tree.root, "cgroup.subtree_control")).toBe("+memory");
  });

  test("leaves pm where it is when there is nothing to enable", () => {
    using tree = fakeTree("cpu memory pids", "", `${process.pid}\n`);
    tree.cgroups.procsFile("a", none);
    expect(textOf(tree.leaf, "cgroup.procs")).toBe("");
    expect(textOf(tree.root, "cgroup.subtree_control")).toBe("");
  });

  test("goes without what nobody delegated, and says so once", () => {
    using tree = fakeTree("cpu", "cpu");
    const limits = { ...none, cpuMax: 1, memoryMaxBytes: 1_048_576 };
    for (const _ of [1, 2]) expect(tree.cgroups.procsFile("a", limits)).toBe(join(tree.group, "cgroup.procs"));
    expect(textOf(tree.group, "cpu.max")).toBe("100000 100000");
    expect(tree.warnings).toEqual([
      `the memory controller is not available in ${tree.root}, so memory_max holds for nobody`,
    ]);
  });

  test("is none where pm may not divide its own, and that is said once", () => {
    const warnings: string[] = [];
    const cgroups = new Cgroups("/proc/self/fdinfo", process.pid, (why) => warnings.push(why));
    expect([cgroups.procsFile("a", none), cgroups.procsFile("a", none)]).toEqual([null, null]);
    expect(warnings).toEqual([
      expect.stringMatching(/^\/proc\/self\/fdinfo is not pm's to divide \(.*\); delegate it/u),
    ]);
  });

  test("is none where there are no groups, and that is said once", async () => {
    const warnings: string[] = [];
    const cgroups = new Cgroups(null, process.pid, (why) => warnings.push(why));
    expect([cgroups.procsFile("a", all), cgroups.procsFile("b", all)]).toEqual([null, null]);
    expect(warnings).toEqual(["there is no cgroup v2 hierarchy here"]);
    await cgroups.end();
  });

  test("of a pm that was killed is removed by the next, those of living ones and of others are not", () => {
    using tree = fakeTree("", "");
    const dead = Bun.spawnSync(["true"]).pid;
    const names = [groupName(dead, null), groupName(dead, "x"), groupName(1, "x"), "init.scope"];
    for (const name of names) mkdirSync(join(tree.root, name));
    tree.cgroups.procsFile("a", none);
    expect(names.filter((name) => existsSync(join(tree.root, name)))).toEqual([groupName(1, "x"), "init.scope"]);
  });
});

/** The real thing, where this machine has it and the tests may use it. */
const warnings: string[] = [];
const real = openCgroups((why) => warnings.push(why));
const file = real.procsFile("test", none);
await real.end();
if (file === null) console.warn(`skipping real control groups: ${warnings.join("; ")}`);

test.skipIf(file === null)("what is left in a real group at the end is killed, and the group removed", async () => {
  const cgroups = openCgroups((why) => warnings.push(why));
  const procs = cgroups.procsFile("test", none) ?? "";
  const left = Bun.spawn(["sh", "-c", 'echo 0 > "$0" && setsid sleep 1000 & wait', procs]);
  const members = (): number => readFileSync(procs, "latin1").split("\n").filter(Boolean).length;
  await until(() => members() > 0);
  await cgroups.end();
  expect(existsSync(procs)).toBe(false);
  await left.exited;
  expect(readdirSync(join(procs, "..", "..")).filter((name) => name.startsWith(`pm-${process.pid}`))).toEqual([]);
});
