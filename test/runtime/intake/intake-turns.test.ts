import { expect, test } from "bun:test";
import { IntakeTurns } from "../../../src/runtime/intake/intake-turns.ts";

/** Queues that are opened, and stop when the test says so. */
function rehearsed() {
  const turns = new IntakeTurns();
  const done: string[] = [];
  const stopped: Record<string, () => void> = {};
  const open = (name: string, place = "jobs") =>
    turns.open(place, () => {
      done.push(`open ${name}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      stopped[name] = () => resolve();
      return {
        depth: () => 7,
        stop: () => {
          done.push(`stop ${name}`);
          return promise;
        },
      };
    });
  return { turns, done, stopped, open };
}

async function turn(): Promise<void> {
  for (let each = 0; each < 20; each++) await Promise.resolve();
}

test("a queue is opened again only when all that was taken from it has been settled", async () => {
  const { done, stopped, open } = rehearsed();
  const first = open("first");
  void first.stop();
  const second = open("second");
  open("elsewhere", "mails");
  await turn();
  expect([done, second.depth()]).toEqual([["open first", "stop first", "open elsewhere"], null]);
  stopped["first"]?.();
  await turn();
  expect([done.at(-1), second.depth()]).toEqual(["open second", 7]);
});

test("one that is stopped before its turn is never opened, and the next one waits for the first all the same", async () => {
  const { done, stopped, open } = rehearsed();
  void open("first").stop();
  void open("second").stop();
  open("third");
  await turn();
  expect(done).toEqual(["open first", "stop first"]);
  stopped["first"]?.();
  await turn();
  expect(done).toEqual(["open first", "stop first", "open third"]);
});

test("the end waits for all, those that are stopping included", async () => {
  const { turns, stopped, open } = rehearsed();
  void open("first").stop();
  open("second");
  open("elsewhere", "mails");
  let ended = false;
  const end = turns.end().then(() => (ended = true));
  await turn();
  stopped["elsewhere"]?.();
  await turn();
  expect(ended).toBe(false);
  stopped["first"]?.();
  await end;
});

test("one that is still being loaded when it is told to stop is stopped as soon as it is there", async () => {
  const turns = new IntakeTurns();
  const done: string[] = [];
  const loaded = Promise.withResolvers<void>();
  const intake = turns.open("jobs", async () => {
    await loaded.promise;
    done.push("open");
    return { depth: () => 7, stop: async () => void done.push("stop") };
  });
  const stopping = intake.stop();
  expect([done, intake.depth()]).toEqual([[], null]);
  loaded.resolve();
  await stopping;
  expect([done, intake.depth()]).toEqual([["open", "stop"], 7]);
});
