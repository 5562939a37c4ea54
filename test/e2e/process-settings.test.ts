import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCgroups } from "../../src/system/cgroups.ts";
import { farmFile, quickBackoff } from "../support/farm-file.ts";
import { missing } from "../support/needs.ts";
import { notPacked } from "../support/packed.ts";
import { PmProcess } from "../support/pm-process.ts";
import { guardianOf, isAlive, until } from "../support/proc.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(30_000);

const isRoot = process.getuid?.() === 0;
const noOrdinary = isRoot ? missing("setpriv") : null;
const ordinary = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
if (!isRoot) console.warn("skipping workers of other users: not root");
if (noOrdinary !== null) console.warn(`skipping pm as an ordinary user: ${noOrdinary}`);
const plain = notPacked();
if (plain !== null) console.warn(`skipping what only the packed pm does: ${plain}`);

/** A pm that an ordinary user starts. */
function pmOf(starter: readonly string[], yaml: string): PmProcess {
  const { path: folder, [Symbol.dispose]: remove } = temporaryFolder();
  afterAll(remove);
  chmodSync(folder, 0o777);
  const file = join(folder, "pm.yaml");
  writeFileSync(file, yaml);
  return new PmProcess("", { starter, args: ["serve", file], cwd: folder, env: { PM_SOCKET: join(folder, "s") } });
}

/** All that a process can tell of how it was set up, in one line of output each; then it stays. */
const look = (...more: readonly string[]): string[] => [
  "sh",
  "-c",
  `echo umask $(umask); echo nice $(nice); echo oom $(cat /proc/self/oom_score_adj); echo files $(ulimit -Sn) $(ulimit -Hn)
  echo core $(ulimit -c); grep -E '^(Uid|Gid|Groups|NoNewPrivs|CapEff):' /proc/self/status; ${more.join("; ")}
  echo done; exec sleep 1000`,
];

/** What the worker said, up to `done`. */
async function said(pm: PmProcess, prefix: string): Promise<string[]> {
  await pm.stdout.find((line) => line === `${prefix}done`);
  return pm.stdout.all.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length).trimEnd());
}

const settings = {
  umask: "027",
  nice: 5,
  oom_score_adj: 500,
  no_new_privileges: true,
  rlimits: { nofile: { soft: 50, hard: 60 }, core: 0 },
};
const seen = ["umask 0027", "nice 5", "oom 500", "files 50 60", "core 0", "NoNewPrivs:\t1"];

describe("a worker is set up as its consumer says", () => {
  test.skipIf(!isRoot)("by root, for another user", async () => {
    const account = { user: "65534", group: "65533", groups: ["4", "60001"] };
    await using pm = new PmProcess(farmFile({ a: { command: look(), ...settings, ...account } }));
    expect(await said(pm, "[worker 1 a] ")).toEqual(
      expect.arrayContaining([
        ...seen,
        "Uid:\t65534\t65534\t65534\t65534",
        "Gid:\t65533\t65533\t65533\t65533",
        "Groups:\t4 60001",
        "CapEff:\t0000000000000000",
      ]),
    );
    expect(await pm.stop()).toBe(0);
  });

  test.skipIf(noOrdinary !== null)("by an ordinary user", async () => {
    await using pm = pmOf(ordinary, farmFile({ a: { command: look(), ...settings } }));
    expect(await said(pm, "[worker 1 a] ")).toEqual(expect.arrayContaining(seen));
    expect(await pm.stop()).toBe(0);
  });

  test.skipIf(!isRoot)("and another user alone has no groups and no privileges", async () => {
    await using pm = new PmProcess(farmFile({ a: { command: look(), user: "65534", group: "65533" } }));
    const lines = await said(pm, "[worker 1 a] ");
    expect(lines).toEqual(
      expect.arrayContaining(["Uid:\t65534\t65534\t65534\t65534", "Groups:", "CapEff:\t0000000000000000"]),
    );
    expect(await pm.stop()).toBe(0);
  });
});

test.skipIf(noOrdinary !== null).each([
  [{ nice: -5 }, "pm may not go below nice 0, and nice is -5; run pm as root (CAP_SYS_NICE), or raise it"],
  [{ groups: ["4"] }, "pm may not give groups; run pm as root, or drop groups"],
  [{ oom_score_adj: -900 }, "pm may not go below its own OOM score of "],
  [{ rlimits: { nofile: "unlimited" } }, "rlimits.nofile is unlimited, and pm may go no higher than "],
  [{ user: "1234" }, "pm may not switch to this user or group; run pm as root or drop user and group"],
])("what an ordinary user may not give is told in one line: %j", async (asked, error) => {
  await using pm = pmOf(ordinary, farmFile({ a: { command: ["cat"], ...asked, ...quickBackoff } }));
  const { context } = await pm.record("Worker could not be started.");
  expect(context["error"]).toStartWith(error);
  expect(await pm.stop()).toBe(0);
});

test.skipIf(plain !== null)("workers have the open files that pm was given, not what Bun made of them", async () => {
  const starter = ["sh", "-c", 'ulimit -Sn 300; ulimit -Hn 400; exec "$@"', "sh"];
  await using pm = new PmProcess(farmFile({ a: { command: look() } }), { starter });
  expect(await said(pm, "[worker 1 a] ")).toContain("files 300 400");
  expect(await pm.stop()).toBe(0);
});

test("too few open files for all workers are told at the start, with numbers", async () => {
  const starter = ["sh", "-c", 'ulimit -n 150; exec "$@"', "sh"];
  const autoscaler = { min: 1, max: 20, strategy: { type: "fixed" } };
  await using pm = new PmProcess(
    farmFile({ a: { command: ["cat"], processes: 2 }, b: { command: ["cat"], autoscaler } }),
    {
      starter,
    },
  );
  const message = "Too few open files are allowed for all workers; raise the hard limit (ulimit -Hn, LimitNOFILE=).";
  expect((await pm.record(message)).context).toEqual({ workers: 22, needed: 216, allowed: 150 });
  expect(await pm.stop()).toBe(0);
});

test.skipIf(plain !== null)("a worker dies with pm even when the guardian cannot help", async () => {
  await using pm = new PmProcess(farmFile({ a: { command: look() } }));
  const pid = Number((await pm.record("Worker started.")).context["pid"]);
  await pm.stdout.find((line) => line.endsWith("done"));
  await until(() => guardianOf(pm.pid) !== null);
  const guardian = guardianOf(pm.pid) ?? 0;
  process.kill(guardian, "SIGSTOP");
  pm.signal("SIGKILL");
  await until(() => !isAlive(pid));
  process.kill(guardian, "SIGKILL");
});

const why: string[] = [];
const probe = openCgroups((each) => why.push(each));
const hasGroups = probe.procsFile("probe", { memoryMaxBytes: null, cpuMax: null, pidsMax: null }) !== null;
await probe.end();
if (!hasGroups) console.warn(`skipping real control groups: ${why.join("; ")}`);

test.skipIf(!hasGroups)("workers live in the control group of their consumer, and nothing outlives it", async () => {
  const command = look("(setsid sleep 1000 &)", "tail -n 1 /proc/self/cgroup");
  const user = isRoot ? { user: "65534" } : {};
  await using pm = new PmProcess(farmFile({ "a/b": { command, cgroup: {}, ...user }, c: { command: look() } }));
  const lines = await said(pm, "[worker 1 a/b] ");
  const group = lines.find((line) => line.startsWith("0::")) ?? "";
  expect(group).toEndWith(`pm-${pm.pid}-a%2Fb`);
  expect(await pm.stop()).toBe(0);
  const procs = probe.procsFile("probe", { memoryMaxBytes: null, cpuMax: null, pidsMax: null }) ?? "";
  expect(existsSync(join(procs, "..", "..", `pm-${pm.pid}-a%2Fb`))).toBe(false);
  await probe.end();
});

test("where there is no control group to be had, workers run without, and pm says why once", async () => {
  const limited = { command: look(), cgroup: { memory_max: "64M" }, processes: 2 };
  await using pm = new PmProcess(farmFile({ a: limited }));
  await pm.stdout.count((line) => line.endsWith(" done"), 2);
  const notices = pm.recorded("Workers run without the limits of their cgroup.");
  expect(notices.length).toBeLessThanOrEqual(1); // none where it is to be had
  expect(await pm.stop()).toBe(0);
});
