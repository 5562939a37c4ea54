import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { farmFile, sh } from "../support/farm-file.ts";
import { PmProcess } from "../support/pm-process.ts";

test("a worker knows who it is, and has the environment and the folder it was promised", async () => {
  const names = ["PM_WORKER_ID", "PM_WORKER_SLOT", "PM_CONSUMER", "PM_IPC_FD", "INHERITED", "FROM_FILE", "IN_BOTH", "QUOTED", "OURS", "PWD"];
  const script = `while ! test -e "$0/go"; do sleep 0.01; done; echo "${names.map((name) => `$${name}`).join("|")}"`;
  await using pm = new PmProcess(
    farmFile(
      Object.fromEntries(
        ["a", "b"].map((name) => [
          name,
          {
            command: ["sh", "-c", script, "../"],
            processes: 2,
            restart: "never",
            cwd: "sub",
            env_file: ["first.env", "second.env"],
            env: { OURS: "from env", IN_BOTH: "env wins" },
          },
        ]),
      ),
    ).replace('"cwd":"sub"', '"cwd":"."'),
    { env: { INHERITED: "from pm", OURS: "overwritten" } },
  );
  writeFileSync(join(pm.folder, "go"), "");
  await pm.process.exited;
});

test("a worker has the descriptors 0 to 3 and no other, default signals, and a group and session of its own", async () => {
  const script = [
    "echo fds $(ls /proc/$$/fd)",
    "echo $(grep -E '^(SigIgn|SigBlk)' /proc/self/status)",
    "set -- $(cat /proc/$$/stat); echo group $(($$ - $5)) session $(($$ - $6))",
    "echo stdin $(readlink /proc/$$/fd/0)",
  ].join("; ");
  await using pm = new PmProcess(farmFile({ a: { command: sh(script), processes: 5, restart: "never" } }));
  expect(await pm.process.exited).toBe(0);
  await pm.record("Process manager stopped.");
  for (const worker of [1, 2, 3, 4, 5]) {
    const mark = `[worker ${worker} a] `;
    expect(pm.stdout.all.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length))).toEqual([
      "fds 0 1 2 3",
      "SigBlk: 0000000000000000 SigIgn: 0000000000000000",
      "group 0 session 0",
      "stdin /dev/null",
    ]);
  }
});
