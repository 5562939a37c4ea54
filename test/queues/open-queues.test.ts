import { expect, test } from "bun:test";
import type { QueueSpec } from "../../src/core/farm/scaling-spec.ts";
import { openQueues } from "../../src/queues/open-queue.ts";
import { goneFromProcessTable } from "../support/marked-processes.ts";

const mark = crypto.randomUUID();
const surroundings = { cwd: "/tmp", env: { PATH: process.env["PATH"] ?? "", MARK: mark } };
const print = (script: string): QueueSpec => ({ kind: "command", command: ["sh", "-c", script] });
const down: QueueSpec = { kind: "redis", url: "redis://bob:hunter2@127.0.0.1:1/0", key: "jobs", shape: "list" };

test.each<[string, QueueSpec[], number]>([
  ["no queue has nothing waiting", [], 0],
  ["one is what it is", [print("echo 4")], 4],
  ["several add up", [print("echo 4"), print("echo 0"), print("echo 1.5")], 5.5],
])("%s", async (_, specs, depth) => {
  const queues = openQueues(specs, 5000, surroundings);
  expect(await queues.depth()).toEqual({ ok: true, depth });
  queues.close();
});

test("one that fails fails them all, by its kind and its place and without credentials", async () => {
  const queues = openQueues([print("echo 4"), down, print("exit 1")], 5000, surroundings);
  expect(await queues.depth()).toEqual({
    ok: false,
    why: "redis list jobs at 127.0.0.1:1: no connection; is the server running, and are address, user and password right?",
  });
  queues.close();
});

test("they are asked at the same time, and all are closed together", async () => {
  // Each ends only after the other has begun.
  const folder = `/tmp/${mark}`;
  const meet = (own: number, other: number): QueueSpec =>
    print(`mkdir -p ${folder}; mkfifo ${folder}/${own} 2>&-; until [ -p ${folder}/${other} ]; do :; done; echo ${own}`);
  const queues = openQueues([meet(1, 2), meet(2, 1)], 5000, surroundings);
  expect(await queues.depth()).toEqual({ ok: true, depth: 3 });
  queues.close();
  expect(await queues.depth()).toEqual({ ok: false, why: "command sh: it is closed" });
  await Bun.$`rm -r ${folder}`;
  await goneFromProcessTable(mark);
});
