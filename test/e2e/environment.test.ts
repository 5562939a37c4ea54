import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, sh } from "../support/farm-file.ts";
import { PmProcess } from "../support/pm-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(30_000);

test("a worker knows who it is, and has the environment and the folder it was promised", async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "sub"));
  writeFileSync(join(folder.path, "sub", "first.env"), "FROM_FILE=first\nIN_BOTH=file\nQUOTED='a  b'\n");
  writeFileSync(join(folder.path, "second.env"), "FROM_FILE=second\n");
  const names = [
    "PM_WORKER_ID",
    "PM_WORKER_SLOT",
    "PM_CONSUMER",
    "PM_IPC_FD",
    "INHERITED",
    "FROM_FILE",
    "IN_BOTH",
    "QUOTED",
    "OURS",
  ];
  const consumer = {
    command: sh(`echo "${names.map((name) => `$${name}`).join("|")}|$(pwd)"`),
    processes: 2,
    restart: "never",
    cwd: join(folder.path, "sub"),
    env_file: [join(folder.path, "sub", "first.env"), join(folder.path, "second.env")],
    env: { OURS: "from env", IN_BOTH: "env wins" },
  };
  await using pm = new PmProcess(farmFile({ a: consumer, b: consumer }), {
    env: { INHERITED: "from pm", OURS: "overwritten" },
  });
  expect(await pm.process.exited).toBe(0);
  await pm.record("Process manager stopped.");
  const rest = `3|from pm|second|env wins|a  b|from env|${folder.path}/sub`;
  await pm.stdout.count(() => true, 4);
  expect(pm.stdout.all.toSorted()).toEqual([
    `[worker 1 a] 1|0|a|${rest}`,
    `[worker 2 a] 2|1|a|${rest}`,
    `[worker 3 b] 3|0|b|${rest}`,
    `[worker 4 b] 4|1|b|${rest}`,
  ]);
});

test("a worker has the descriptors 0 to 3 and no other, default signals, and a group and session of its own", async () => {
  const script = [
    "ls -x /proc/$$/fd",
    "echo $(grep -E '^(SigIgn|SigBlk)' /proc/self/status)",
    "set -- $(cat /proc/$$/stat); echo group $(($$ - $5)) session $(($$ - $6))",
    "readlink /proc/$$/fd/0",
  ].join("; ");
  await using pm = new PmProcess(farmFile({ a: { command: sh(script), processes: 5, restart: "never" } }));
  await pm.stdout.count(() => true, 20);
  for (const worker of [1, 2, 3, 4, 5]) {
    const mark = `[worker ${worker} a] `;
    expect(pm.stdout.all.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length))).toEqual([
      "0  1  2  3",
      "SigBlk: 0000000000000000 SigIgn: 0000000000000000",
      "group 0 session 0",
      "/dev/null",
    ]);
  }
});
