import { describe, expect, test } from "bun:test";
import type { LaneAnswer } from "../../../src/core/tasks/lane-answer.ts";
import { JsonlLane } from "../../../src/runtime/tasks/jsonl-lane.ts";
import { closeFd, pipe } from "../../../src/system/libc.ts";

type Said =
  | readonly ["answered", number, LaneAnswer]
  | readonly ["problem", string, string]
  | readonly ["broken", string];

/** A lane to a shell that runs this, and what is heard of it; `until` waits for so many words. */
function laneTo(script: string, maxBytes = 1_000) {
  const [stdin, stdout] = [pipe("write"), pipe("read")];
  const child = Bun.spawn(["sh", "-c", script], { stdio: [stdin.readFd, stdout.writeFd, "inherit"] });
  closeFd(stdin.readFd);
  closeFd(stdout.writeFd);
  const said: Said[] = [];
  const cancelled: number[] = [];
  const ended = Promise.withResolvers<void>();
  let wake: (() => void) | null = null;
  const hear = (word: Said): void => {
    said.push(word);
    wake?.();
  };
  const lane = new JsonlLane({
    stdinFd: stdin.writeFd,
    stdoutFd: stdout.readFd,
    maxBytes,
    cancel: (id) => cancelled.push(id),
    ended: () => ended.resolve(),
  });
  lane.serve({
    answered: (id, answer) => hear(["answered", id, answer]),
    problem: (kind, excerpt) => hear(["problem", kind, excerpt]),
    broken: (why) => hear(["broken", why]),
  });
  const until = async (count: number): Promise<readonly Said[]> => {
    while (said.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
    return said;
  };
  return { lane, child, said, cancelled, until, ended: ended.promise };
}

const ok = (result: string): LaneAnswer => ({ ok: true, result });

describe("a jsonl lane", () => {
  test("hands tasks over and hears the answers, until the worker has none left", async () => {
    const { lane, said, ended } = laneTo(`sed -u 's/"payload"/"result"/'`);
    expect(lane.send(1, '{"a":9007199254740993}')).toBeTrue();
    expect(lane.send(2, '"ü"')).toBeTrue();
    lane.finish();
    expect(lane.send(3, "1")).toBeFalse();
    await ended;
    expect(said).toEqual([
      ["answered", 1, ok('{"a":9007199254740993}')],
      ["answered", 2, ok('"ü"')],
    ]);
  });

  test("carries a payload far larger than a pipe", async () => {
    const { lane, said, ended } = laneTo("wc -c", 10_000_000);
    lane.send(1, `"${"x".repeat(5_000_000)}"`);
    lane.finish();
    await ended;
    expect(said).toEqual([["problem", "garbage", String(5_000_002 + '{"id":1,"payload":}\n'.length)]]);
  });

  test("tells of what is no answer, and goes on", async () => {
    const { lane, until } = laneTo(`read task; echo hello; echo; echo '{"id":1,"result":2}'; read end`);
    lane.send(1, "1");
    expect(await until(2)).toEqual([
      ["problem", "garbage", "hello"],
      ["answered", 1, ok("2")],
    ]);
    lane.finish();
  });

  test("answers for a worker whose answer is too long", async () => {
    const { lane, until } = laneTo(
      `read task; printf '{"id":7,"result":"%05000d"}\\n' 1; echo '{"id":8,"result":2}'; read end`,
    );
    lane.send(7, "1");
    expect(await until(3)).toMatchObject([
      ["problem", "oversized", expect.stringContaining('{"id":7,"result":"0000')],
      ["answered", 7, { ok: false, kind: "too_large", message: "the answer is longer than tasks.max_size" }],
      ["answered", 8, ok("2")],
    ]);
    lane.finish();
  });

  test("takes the last answer of a worker that ends in the middle of its line", async () => {
    const { said, ended } = laneTo(`printf '{"id":1,"result":2}'`);
    await ended;
    expect(said).toEqual([["answered", 1, ok("2")]]);
  });

  test("is broken when the worker closes its stdout and stays", async () => {
    const { lane, until, child } = laneTo("exec >&-; read end");
    expect(await until(1)).toEqual([["broken", "it has closed its stdout"]]);
    expect(lane.send(1, "1")).toBeFalse();
    child.kill();
  });

  test("is not broken when the worker has ended", async () => {
    const { lane, said, ended, child } = laneTo("exit 3");
    await child.exited;
    lane.exited();
    await ended;
    expect(lane.send(1, "1")).toBeFalse();
    expect(said).toEqual([]);
  });

  test("hears no more of what others hold open once it is abandoned", async () => {
    const { lane, ended, child } = laneTo("sleep 5 & exit 0");
    await child.exited;
    lane.exited();
    lane.abandon();
    await ended;
  });

  test("passes on that a task is called off", () => {
    const { lane, cancelled } = laneTo("exit 0");
    lane.cancel(5);
    expect(cancelled).toEqual([5]);
  });
});
