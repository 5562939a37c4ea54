import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { missing } from "../support/needs.ts";
import { notPacked } from "../support/packed.ts";
import { pmBinary } from "../support/pm-process.ts";

/** `pm __exec` twice: as the JavaScript of these sources, and as the stub of the packed binary. */
const helper = [process.execPath, join(import.meta.dir, "..", "..", "src", "main.ts"), "__exec"];
const stub = [pmBinary, "__exec"];
const noStub = notPacked();
if (noStub !== null) console.warn(`skipping the comparison with the stub: ${noStub}`);

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("skipping what only root may set: not root");
const ordinary = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
const noOrdinary = isRoot ? missing("setpriv") : null;
if (noOrdinary !== null) console.warn(`skipping an ordinary user: ${noOrdinary}`);

/** All that a process can tell of how it was set up. */
const look = `umask; nice; cat /proc/self/oom_score_adj; cat /proc/self/limits | grep -v 'open files'; ls /proc/self/fd | wc -l
  grep -E '^(Uid|Gid|Groups|NoNewPrivs|SigIgn|SigBlk|CapEff|CapBnd):' /proc/self/status; echo "$0|$1|$WORD|$PWD"`;
const openFiles = "grep 'open files' /proc/self/limits";

interface Seen {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: readonly string[]): Seen {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: "/", env: { ...process.env, WORD: "ü" } });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const script = (text: string): string[] => ["--", "/bin/sh", "a shell", "-c", text, "ä", "--"];

const cases: readonly (readonly [words: readonly string[], seen: string])[] = [
  [[], "ä|--|ü|/\n"],
  [["u027"], "0027\n"],
  [["p7"], "\n7\n"],
  [["o1000"], "\n1000\n"],
  [["N"], "NoNewPrivs:\t1\n"],
  [
    ["r4:0:0", "r6:50:60", "r2:67108864:134217728", "r9:268435456:536870912"],
    "Max processes             50                   60",
  ],
  [["r10:5:6", "r10:5:5"], "Max file locks            5                    5"],
  [["d9", `P${process.pid}`], "SigIgn:\t0000000000000000"],
  [["N", "p3", "u077", "o1000", "r3:1048576:2097152"], "0077\n3\n1000\n"],
];

const rootCases: readonly (readonly [words: readonly string[], seen: string])[] = [
  [["G5,60001,7"], "Groups:\t5 7 60001"],
  [["G"], "Groups:\t"],
  [["p-3"], "\n-3\n"],
  [["U1234", "g1235", "G1236", "u022", "N"], "Uid:\t1234\t1234\t1234\t1234\nGid:\t1235\t1235\t1235\t1235"],
];

const refusals: readonly (readonly [words: readonly string[], exitCode: number, line: string])[] = [
  ...["x", "", "Nx", "u9", "p", "p5x", "r7", "r7:1:2:3", "rx:1:2", "G1,,2"].map(
    (word) => [[word, ...script("echo ran")], 126, `not a setting: ${word}`] as const,
  ),
  [["r99:1:2", ...script("echo ran")], 126, "resource limit 99:1:2: EINVAL"],
  [["r7:20:10", ...script("echo ran")], 126, "resource limit 7:20:10: EINVAL"],
  [["o99999", ...script("echo ran")], 126, "oom_score_adj 99999: EINVAL"],
  [["d77", ...script("echo ran")], 126, "parent-death signal 77: EINVAL"],
  [["c/nowhere/cgroup.procs", ...script("echo ran")], 126, "cgroup /nowhere/cgroup.procs: ENOENT"],
  [["--", "/nowhere/program", "program"], 127, "/nowhere/program: ENOENT"],
  [["--", "/etc/passwd", "passwd"], 126, "/etc/passwd: EACCES"],
  [["--", "/bin/true"], 126, "-- and a program with its name are missing"],
];

const unprivileged: readonly (readonly [word: string, line: string])[] = [
  ["U0", "user 0: EPERM"],
  ["g0", "group 0: EPERM"],
  ["G1", "groups 1: EPERM"],
  ["p-5", "nice -5: EACCES"],
  ["o-1000", "oom_score_adj -1000: EACCES"],
];

describe.each<[string, readonly string[], boolean]>([
  ["the user of the tests", [], false],
  ["an ordinary user", ordinary, noOrdinary !== null],
])("pm __exec for %s", (_, starter, skipped) => {
  const each = test.skipIf(skipped);

  each.each([...cases, ...(isRoot && starter.length === 0 ? rootCases : [])])(
    "%j is seen by the child",
    (words, text) => {
      const seen = run([...starter, ...helper, ...words, ...script(look)]);
      expect(seen).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(text), stderr: "" });
      if (noStub === null) expect(seen).toEqual(run([...starter, ...stub, ...words, ...script(look)]));
    },
  );

  each("open files are those asked for", () => {
    for (const command of noStub === null ? [helper, stub] : [helper])
      expect(run([...starter, ...command, "r7:64:128", ...script(openFiles)]).stdout).toMatch(/ 64 +128 +files/u);
  });

  each.each(refusals)("%j ends with %d", (words, exitCode, line) => {
    const seen = { exitCode, stdout: "", stderr: `pm: __exec: ${line}\n` };
    expect(run([...starter, ...helper, ...words])).toEqual(seen);
    if (noStub === null) expect(run([...starter, ...stub, ...words])).toEqual(seen);
  });

  each("a parent that is gone is the end, without a word", () => {
    expect(run([...starter, ...helper, "d9", "P1", ...script("echo ran")])).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "",
    });
  });
});

test.skipIf(noOrdinary !== null).each(unprivileged)("an ordinary user may not %s", (word, line) => {
  const seen = { exitCode: 126, stdout: "", stderr: `pm: __exec: ${line}\n` };
  expect(run([...ordinary, ...helper, word, ...script("echo ran")])).toEqual(seen);
});
