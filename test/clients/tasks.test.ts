import { describe, expect, test } from "bun:test";
import { parseTaskLine } from "../../src/protocol/jsonl-tasks.ts";
import { cancelFrame, resultFrame } from "../../src/protocol/task-frames.ts";
import { parseWorkerFrame } from "../../src/protocol/worker-frames.ts";
import { missing } from "../support/needs.ts";
import { TaskWorker } from "./task-worker.ts";

const php = { client: "php", interpreter: "php", driver: "tasks.php", fileName: "PmClient.php" } as const;
const python = { client: "python", interpreter: "python3", driver: "tasks.py", fileName: "pm_client.py" } as const;
const node = { client: "node", interpreter: "node", driver: "tasks.mjs", fileName: "pm-client.mjs" } as const;
const bun = { ...node, interpreter: process.execPath };

const echo = (value: unknown): unknown => ({ do: "echo", value });
const open = (id: string): string => resultFrame(JSON.stringify(id), { ok: true, result: '"opened"' });

for (const subject of [php, python, node, bun]) {
  const reason = missing(subject.interpreter);
  if (reason !== null) console.warn(`skipping tasks of the ${subject.client} client: ${reason}`);

  describe.skipIf(reason !== null)(
    `a task worker of the ${subject.client} client in ${subject.interpreter.split("/").at(-1)}`,
    () => {
      test("answers task by task, in order, until its input ends", async () => {
        await using worker = new TaskWorker(subject);
        const ids = Array.from({ length: 3_000 }, (_, i) => i + 1);
        worker.send(...ids.map((id) => [id, echo(id)] as const));
        expect(await worker.finish()).toEqual({ rest: ids.map((id) => `{"id":${id},"result":${id}}`), exitCode: 0 });
        expect(worker.stderr()).toBe("served\n");
        expect(worker.peer.frames[0]).toEqual({ type: "ready" });
      });

      test("answers the last line without its newline, and passes over empty ones", async () => {
        await using worker = new TaskWorker(subject);
        worker.write('\n{"id":1,"payload":{"do":"echo","value":1}}\n\n{"id": 2, "payload": {"do":"echo","value":2}}');
        expect(await worker.finish()).toEqual({ rest: ['{"id":1,"result":1}', '{"id":2,"result":2}'], exitCode: 0 });
      });

      test("gives every kind of value back as it was", async () => {
        await using worker = new TaskWorker(subject);
        const texts = ["", 'üñí €🚗 \u2028 \n " / \\ \0 \x7f'];
        const values = [null, true, 0, -1.5, 1e300, 9_007_199_254_740_991, ...texts, [[], { a: { b: [false, null] } }]];
        worker.send(...values.map((value, id) => [id, echo(value)] as const));
        for (const [id, value] of values.entries()) expect(await worker.answer()).toEqual({ id, result: value });
      });

      test("takes large payloads and gives large results, at the pace of its reader", async () => {
        await using worker = new TaskWorker(subject);
        const value = "ü€🚗x".repeat(500_000); // 5 MB
        worker.send([1, echo(value)], [2, echo(value)], [3, echo("small")]);
        for (const id of [1, 2]) expect((await worker.line()) === JSON.stringify({ id, result: value })).toBe(true);
        expect(await worker.answer()).toEqual({ id: 3, result: "small" });
      });

      test("answers with the class and message of what a handler throws, and goes on", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, { do: "fail" }], [2, { do: "failForGood" }], [3, { do: "unwritable" }], [4, echo("next")]);
        const expected = { message: 'no "ü"', class: expect.stringMatching(/DomainException$/u) };
        expect(await worker.answer()).toEqual({ id: 1, error: expected });
        expect(parseTaskLine(await worker.line())).toMatchObject({
          id: 2,
          answer: { ok: false, message: "never", kind: "final" },
        });
        expect(await worker.answer()).toMatchObject({
          id: 3,
          error: { message: expect.stringMatching(/JSON|serialize/u) },
        });
        expect(await worker.answer()).toEqual({ id: 4, result: "next" });
      });

      test("keeps what a handler prints away from the answers", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, { do: "print" }], [2, echo("next")]);
        expect(await worker.finish()).toEqual({
          rest: ['{"id":1,"result":"done"}', '{"id":2,"result":"next"}'],
          exitCode: 0,
        });
        expect(worker.stderr()).toStartWith("printed\nwritten\n");
      });

      test("answers a payload it cannot read", async () => {
        await using worker = new TaskWorker(subject);
        worker.write(
          `no task\n{"id":1,"payload":{"do":"echo","value":]}}\n{"id":2,"payload":{"do":"echo","value":2}}\n`,
        );
        const answers = [await worker.answer()];
        if (subject.client !== "node") answers.push(await worker.answer());
        expect(answers.at(-1)).toEqual({ id: 2, result: 2 });
        expect(worker.stderr()).toContain("no task: ");
      });

      test("ends the task at work on SIGTERM, and then itself", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, { do: "gate", value: null }]);
        const id = await worker.call();
        worker.peer.child.kill("SIGTERM");
        worker.peer.write(open(id));
        expect(await worker.ended()).toEqual({ rest: ['{"id":1,"result":"opened"}'], exitCode: 0 });
      });

      test("ends on SIGTERM while it waits for a task", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, echo(1)]);
        await worker.answer();
        worker.peer.child.kill("SIGTERM");
        expect(await worker.ended()).toEqual({ rest: [], exitCode: 0 });
      });

      test("begins no other task once it is to drain", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, { do: "gate", value: null }], [2, echo("never")]);
        const id = await worker.call();
        worker.peer.send({ type: "drain" });
        worker.peer.write(open(id));
        expect(await worker.ended()).toEqual({ rest: ['{"id":1,"result":"opened"}'], exitCode: 0 });
      });

      test("ends when its manager is gone", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, echo(1)]);
        await worker.answer();
        worker.peer.hangUp();
        expect(await worker.ended()).toEqual({ rest: [], exitCode: 0 });
      });

      test("answers pings while it waits for a task", async () => {
        await using worker = new TaskWorker(subject);
        worker.peer.send({ type: "ping" });
        await worker.peer.next(({ type }) => type === "pong");
        worker.send([1, echo(1)]);
        expect(await worker.answer()).toEqual({ id: 1, result: 1 });
      });

      test("lets a handler see that its task is called off", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, { do: "untilCancelled" }], [2, echo("next")]);
        worker.peer.write(open(await worker.call()));
        worker.peer.write(cancelFrame(1));
        expect(await worker.answer()).toEqual({ id: 1, result: "broken off" });
        expect(await worker.answer()).toEqual({ id: 2, result: "next" });
      });

      test("breaks a call off with the task that waits for it", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, { do: "gate", value: null }], [2, echo("next")]);
        const id = await worker.call();
        worker.peer.write(cancelFrame(1));
        expect(await worker.answer()).toMatchObject({
          id: 1,
          error: { class: expect.stringMatching(/Cancelled|DOMException/u) },
        });
        worker.peer.write(open(id)); // too late
        expect(await worker.answer()).toEqual({ id: 2, result: "next" });
      });

      test("does not begin a task that was called off before", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, { do: "gate", value: null }], [2, { do: "exit" }], [3, echo("next")]);
        const id = await worker.call();
        worker.peer.write(cancelFrame(2) + cancelFrame(99));
        worker.peer.write(open(id));
        expect(await worker.answer()).toEqual({ id: 1, result: "opened" });
        expect(await worker.answer()).toMatchObject({ id: 2, error: { message: "called off before it was begun" } });
        expect(await worker.answer()).toEqual({ id: 3, result: "next" });
      });

      test("calls another consumer, and gets its result", async () => {
        await using worker = new TaskWorker(subject);
        const value = { text: "ü€🚗", n: 1.5, list: [null] };
        worker.send([1, { do: "gate", value }]);
        const call = await worker.peer.next(({ type }) => type === "call");
        expect(parseWorkerFrame(JSON.stringify(call))).toEqual({
          type: "call",
          id: JSON.stringify(call["id"]),
          consumer: "gate",
          payload: JSON.stringify(value),
          timeoutMs: 2_500,
        });
        const frame = Buffer.from(resultFrame(JSON.stringify(call["id"]), { ok: true, result: JSON.stringify(value) }));
        // In two pieces that split a character.
        const half = frame.indexOf("€") + 1;
        worker.peer.write(frame.subarray(0, half));
        worker.send([2, echo("next")]);
        worker.peer.write(frame.subarray(half));
        expect(await worker.answer()).toEqual({ id: 1, result: value });
        expect(await worker.answer()).toEqual({ id: 2, result: "next" });
      });

      test("tells a handler why its call has no result", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, { do: "reason", value: 1 }], [2, { do: "gate", value: 2 }]);
        const error = { code: "failed", message: "no", details: '{"class":"E"}' } as const;
        for (const _ of [1, 2])
          worker.peer.write(resultFrame(JSON.stringify(await worker.call()), { ok: false, error }));
        expect(await worker.answer()).toEqual({ id: 1, result: ["failed", "no", { class: "E" }] });
        const thrown = {
          message: "no",
          code: "failed",
          details: { class: "E" },
          class: expect.stringMatching(/TaskError$/u),
        };
        expect(await worker.answer()).toEqual({ id: 2, error: thrown });
      });

      test("does not send a call longer than a frame", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, { do: "reason", value: "x".repeat(65_536) }]);
        expect(await worker.answer()).toMatchObject({ id: 1, result: ["too_large", expect.any(String), null] });
        expect(worker.peer.frames.map(({ type }) => type)).toEqual(["ready"]);
      });

      test("works without a manager, but cannot call", async () => {
        await using worker = new TaskWorker(subject, { PM_IPC_FD: "" });
        worker.send([1, { do: "reason", value: 1 }]);
        expect(await worker.answer()).toEqual({ id: 1, result: ["unavailable", "there is no pm to call", null] });
        expect((await worker.finish()).exitCode).toBe(0);
      });

      test("gives the answers it has when a handler ends the process", async () => {
        await using worker = new TaskWorker(subject);
        worker.send([1, echo(1)], [2, { do: "exit" }], [3, echo("never")]);
        const { rest, exitCode } = await worker.ended();
        expect(exitCode).toBe(3);
        expect(rest[0]).toBe('{"id":1,"result":1}');
        expect(rest.slice(1).map((line) => parseTaskLine(line))).toMatchObject(
          subject.client === "node" ? [] : [{ id: 2, answer: { ok: false } }],
        );
      });
    },
  );
}

describe.each([node, bun])("with several tasks at a time, the node client in $interpreter", (subject) => {
  test("runs as many as it may, and answers each when it is done", async () => {
    await using worker = new TaskWorker(subject, { PM_TASK_CONCURRENCY: "2" });
    worker.send([1, { do: "gate", value: 1 }], [2, { do: "gate", value: 2 }], [3, { do: "gate", value: 3 }]);
    const [first, second] = [await worker.call(), await worker.call()];
    worker.peer.write(open(second));
    expect(await worker.answer()).toEqual({ id: 2, result: "opened" });
    const third = await worker.call();
    expect(worker.peer.frames.filter(({ type }) => type === "call").map(({ payload }) => payload)).toEqual([1, 2, 3]);
    worker.peer.write(open(third));
    expect(await worker.answer()).toEqual({ id: 3, result: "opened" });
    worker.peer.write(open(first));
    expect(await worker.answer()).toEqual({ id: 1, result: "opened" });
  });

  test("finishes all that is at work after the end of its input", async () => {
    await using worker = new TaskWorker(subject, { PM_TASK_CONCURRENCY: "2" });
    worker.send([1, { do: "gate", value: 1 }], [2, { do: "gate", value: 2 }]);
    const ids = [await worker.call(), await worker.call()];
    const end = worker.finish();
    for (const id of ids) worker.peer.write(open(id));
    expect(await end).toEqual({ rest: ['{"id":1,"result":"opened"}', '{"id":2,"result":"opened"}'], exitCode: 0 });
  });

  test("makes null of a result that is none", async () => {
    await using worker = new TaskWorker(subject);
    worker.send([1, { do: "nothing" }]);
    expect(await worker.line()).toBe('{"id":1,"result":null}');
  });
});

describe.skipIf(missing("php") !== null)("a task worker in PHP", () => {
  test("answers for a task that runs out of memory", async () => {
    await using worker = new TaskWorker(php);
    worker.send([1, { do: "fatal" }]);
    const message = expect.stringContaining("Allowed memory size");
    expect(await worker.answer()).toEqual({ id: 1, error: { message, class: "FatalError" } });
    expect(await worker.ended()).toEqual({ rest: [], exitCode: 255 });
  });

  test("says so when a handler exits within its task", async () => {
    await using worker = new TaskWorker(php);
    worker.send([1, { do: "exit" }]);
    expect(await worker.answer()).toEqual({
      id: 1,
      error: { message: "the worker exited within the task", class: "Exit" },
    });
  });

  test("keeps warnings away from the answers", async () => {
    await using worker = new TaskWorker(php);
    worker.send([1, { do: "warn" }]);
    expect(await worker.finish()).toEqual({ rest: ['{"id":1,"result":null}'], exitCode: 0 });
    expect(worker.stderr().match(/Undefined variable/gu)).toHaveLength(1);
  });

  test("keeps a float a float, and an integer beyond 64 bits whole", async () => {
    await using worker = new TaskWorker(php);
    worker.write('{"id":1,"payload":{"do":"echo","value":[1.0,12345678901234567890]}}\n');
    expect(await worker.line()).toBe('{"id":1,"result":[1.0,"12345678901234567890"]}');
  });
});
