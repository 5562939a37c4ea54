import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { missing } from "../support/needs.ts";
import { notPacked } from "../support/packed.ts";
import { pmBinary } from "../support/pm-process.ts";
import { isAlive, until } from "../support/proc.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(30_000);

const reason = notPacked();
if (reason !== null) console.warn(`skipping __exec of the stub: ${reason}`);

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("skipping what only root may set: not root");

/** Words that make an ordinary user of root. */
const asNobody = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
const noNobody = isRoot ? missing("setpriv") : null;
if (noNobody !== null) console.warn(`skipping __exec for an ordinary user: ${noNobody}`);

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: readonly string[], env: Record<string, string> = {}): Ended {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: "/", env: { ...process.env, ...env } });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** What the words make of a process, in which the script runs. */
const exec = (words: readonly string[], script: string, starter: readonly string[] = []): Ended =>
  run([...starter, pmBinary, "__exec", ...words, "--", "/bin/sh", "sh", "-c", script]);

const status = (...names: readonly string[]): string => `grep -E '^(${names.join("|")}):' /proc/self/status`;

const limits = [
  [0, "cpu time", 100, 200],
  [1, "file size", 4096, 8192],
  [2, "data size", 1 << 26, 1 << 27],
  [3, "stack size", 1 << 20, 1 << 21],
  [4, "core file size", 0, 0],
  [5, "resident set", 4096, 8192],
  [6, "processes", 50, 60],
  [7, "open files", 64, 128],
  [8, "locked memory", 4096, 8192],
  [9, "address space", 1 << 28, 1 << 29],
  [10, "file locks", 5, 6],
  [11, "pending signals", 10, 20],
  [12, "msgqueue size", 1000, 2000],
  [13, "nice priority", 0, 0],
  [14, "realtime priority", 0, 0],
  [15, "realtime timeout", 1000, 2000],
] as const;

describe.skipIf(reason !== null).each<[string, readonly string[], boolean]>([
  ["the user of the tests", [], false],
  ["an ordinary user", asNobody, noNobody !== null],
])("__exec of the packed binary, for %s", (_, starter, skipped) => {
  const each = test.skipIf(skipped);

  each.each(limits)("sets limit %d, %s, to %d and %d", (resource, name, soft, hard) => {
    const words = [pmBinary, "__exec", `r${resource}:${soft}:${hard}`, "--", "/bin/cat", "cat", "/proc/self/limits"];
    const { stdout } = run([...starter, ...words]);
    const line = stdout.split("\n").find((text) => text.startsWith(`Max ${name} `)) ?? "";
    expect(line.slice(26).trim().split(/\s+/u).slice(0, 2)).toEqual([String(soft), String(hard)]);
  });

  each("understands that there is no limit", () => {
    const none = "18446744073709551615";
    const { stdout } = exec([`r10:${none}:${none}`], "cat /proc/self/limits", starter);
    expect(stdout).toMatch(/^Max file locks +unlimited +unlimited/mu);
  });

  each.each([
    ["u027", "umask", "0027\n"],
    ["u0", "umask", "0000\n"],
    ["p7", "nice", "7\n"],
    ["o1000", "cat /proc/self/oom_score_adj", "1000\n"],
    ["N", status("NoNewPrivs"), "NoNewPrivs:\t1\n"],
  ])("sets %s", (word, script, seen) => {
    expect(exec([word], script, starter)).toEqual({ exitCode: 0, stdout: seen, stderr: "" });
  });

  each("does all of it at once, in whatever order the words are", () => {
    const words = ["N", "p3", "u077", "o1000", "r7:50:60", "r4:0:0"];
    const script = `umask; nice; ulimit -n; ulimit -c; cat /proc/self/oom_score_adj; ${status("NoNewPrivs")}`;
    const seen = { exitCode: 0, stdout: "0077\n3\n50\n0\n1000\nNoNewPrivs:\t1\n", stderr: "" };
    expect(exec(words, script, starter)).toEqual(seen);
    expect(exec(words.toReversed(), script, starter)).toEqual(seen);
  });

  each.each([
    ["x", "not a setting: x"],
    ["", "not a setting: "],
    ["Nx", "not a setting: Nx"],
    ["u9", "not a setting: u9"],
    ["p", "not a setting: p"],
    ["p5x", "not a setting: p5x"],
    ["r7", "not a setting: r7"],
    ["r7:1", "not a setting: r7:1"],
    ["r7:1:2:3", "not a setting: r7:1:2:3"],
    ["rx:1:2", "not a setting: rx:1:2"],
    ["r99:1:2", "resource limit 99:1:2: EINVAL"],
    ["r7:20:10", "resource limit 7:20:10: EINVAL"],
    ["G1,,2", "not a setting: G1,,2"],
    ["G1,", "not a setting: G1,"],
    ["o99999", "oom_score_adj 99999: EINVAL"],
    ["d77", "parent-death signal 77: EINVAL"],
    ["c/nowhere/cgroup.procs", "cgroup /nowhere/cgroup.procs: ENOENT"],
    ["c/proc", "cgroup /proc: EISDIR"],
  ])("refuses %p in one line, and runs nothing", (word, line) => {
    const seen = { exitCode: 126, stdout: "", stderr: `pm: __exec: ${line}\n` };
    expect(exec([word], "echo ran", starter)).toEqual(seen);
  });

  each.each([
    [["--", "/nowhere/program", "program"], 127, "/nowhere/program: ENOENT"],
    [["--", "/etc/passwd", "passwd"], 126, "/etc/passwd: EACCES"],
    [["--", "/etc", "etc"], 126, "/etc: EACCES"],
    [["--", "/bin/true"], 126, "-- and a program with its name are missing"],
    [["u0", "/bin/true", "true"], 126, "-- and a program with its name are missing"],
    [[], 126, "-- and a program with its name are missing"],
  ] as const)("ends for %p with %d", (words, exitCode, line) => {
    const seen = { exitCode, stdout: "", stderr: `pm: __exec: ${line}\n` };
    expect(run([...starter, pmBinary, "__exec", ...words])).toEqual(seen);
  });

  each("hands on the name, all arguments and the whole environment", () => {
    const words = ["--", "/bin/sh", "a name", "-c", 'echo "$0|$1|$2|$BUN_OPTIONS|$LD_DEBUG_OUTPUT"', "zero", "--", ""];
    const env = { BUN_OPTIONS: "--smol", LD_DEBUG_OUTPUT: "x" };
    expect(run([...starter, pmBinary, "__exec", ...words], env).stdout).toBe("zero|--||--smol|x\n");
    expect(run([...starter, pmBinary, "__exec", "--", "/bin/sh", "a name", "-c", "echo $0"]).stdout).toBe("a name\n");
  });

  each("gives all signals back their defaults", () => {
    const deaf = ["env", "--ignore-signal=HUP,PIPE,TERM,USR1", "--block-signal=INT,USR2,RTMIN"];
    const words = ["__exec", "--", "/bin/grep", "grep", "-E", "^Sig(Ign|Blk):", "/proc/self/status"];
    expect(run([...deaf, ...starter, pmBinary, ...words]).stdout).toBe(
      "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n",
    );
  });

  each("has the process killed when its parent dies, and ends when the parent is gone already", async () => {
    using folder = temporaryFolder();
    const pidFile = join(folder.path, "pid");
    const words = `d9 P$$ -- /bin/sleep sleep 1000`;
    const parent = Bun.spawn([
      "sh",
      "-c",
      `${starter.join(" ")} "$0" __exec ${words} & echo $! > "$1"; wait`,
      pmBinary,
      pidFile,
    ]);
    const pidIn = (): number => Number(textOf(pidFile));
    await until(() => pidIn() > 0 && textOf(`/proc/${pidIn()}/comm`) === "sleep\n");
    parent.kill("SIGKILL");
    await until(() => !isAlive(pidIn()));
    expect(exec(["P1", "d9"], "echo ran", starter)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });

  each("joins a cgroup by writing 0 to the file", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "cgroup.procs");
    writeFileSync(file, "");
    expect(exec([`c${file}`], "echo ran").stdout).toBe("ran\n");
    expect(readFileSync(file, "latin1")).toBe("0");
  });
});

describe.skipIf(reason !== null || !isRoot)("__exec of the packed binary, for root", () => {
  test.each([
    ["supplementary groups", ["G5,60001,7"], "Groups:\t5 7 60001 \n"],
    ["no supplementary groups", ["G"], "Groups:\t \n"],
  ])("sets %s", (_, words, seen) => {
    expect(exec(words, status("Groups")).stdout).toBe(seen);
  });

  test("becomes a user for good, with all ids, and only after what needs root", () => {
    const words = ["P" + process.pid, "d9", "N", "U1234", "g1235", "G1236", "u022", "r7:64:128"];
    const script = `${status("Uid", "Gid", "Groups", "CapEff", "NoNewPrivs")}; ulimit -n`;
    const { stdout, stderr } = exec(words, script);
    expect([stderr, stdout.split("\n")]).toEqual([
      "",
      [
        "Uid:\t1234\t1234\t1234\t1234",
        "Gid:\t1235\t1235\t1235\t1235",
        "Groups:\t1236 ",
        "CapEff:\t0000000000000000",
        "NoNewPrivs:\t1",
        "64",
        "",
      ],
    ]);
  });

  test("keeps the parent-death signal over a change of user", async () => {
    using folder = temporaryFolder();
    const pidFile = join(folder.path, "pid");
    const script = `"$0" __exec d9 P$$ U1234 -- /bin/sleep sleep 1000 & echo $! > "$1"; wait`;
    const parent = Bun.spawn(["sh", "-c", script, pmBinary, pidFile]);
    const pidIn = (): number => Number(textOf(pidFile));
    await until(() => pidIn() > 0 && textOf(`/proc/${pidIn()}/comm`) === "sleep\n");
    parent.kill("SIGKILL");
    await until(() => !isAlive(pidIn()));
  });
});

describe.skipIf(reason !== null || noNobody !== null)("__exec of the packed binary, without privileges", () => {
  test.each([
    ["U0", "user 0: EPERM"],
    ["g0", "group 0: EPERM"],
    ["G1", "groups 1: EPERM"],
    ["p-5", "nice -5: EACCES"],
    ["r7:99999999:99999999", "resource limit 7:99999999:99999999: EPERM"],
    ["o-1000", "oom_score_adj -1000: EACCES"],
  ])("says that it may not do %s", (word, line) => {
    const seen = { exitCode: 126, stdout: "", stderr: `pm: __exec: ${line}\n` };
    expect(exec([word], "echo ran", asNobody)).toEqual(seen);
  });
});

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // not there yet, or not any more
  }
}
