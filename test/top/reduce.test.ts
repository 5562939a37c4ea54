import { describe, expect, test } from "bun:test";
import type { Key } from "../../src/top/keys.ts";
import { reduce, type TopInput } from "../../src/top/reduce.ts";
import { type Effect, firstState, type TopState } from "../../src/top/state.ts";
import { consumerStatus, farmStatus, workerStatus } from "../support/fake-control.ts";

const async3 = consumerStatus({
  target: 3,
  workers: [0, 1, 2].map((slot) => workerStatus({ slot, worker: slot + 1, pid: 101 + slot, paused: slot === 2 })),
});
const mails = consumerStatus({ consumer: "mails", state: "paused", workers: [workerStatus({ worker: 9, slot: 0 })] });
const farm = farmStatus({ consumers: [async3, mails] });
const live = play(firstState, { type: "status", status: farm, atMs: 0 }).state;

/** What these inputs come to, and all effects on the way. */
function play(state: TopState, ...inputs: readonly TopInput[]): { state: TopState; effects: Effect[] } {
  const effects: Effect[] = [];
  let current = state;
  for (const input of inputs) {
    const step = reduce(current, input);
    current = step.state;
    if (step.effect !== null) effects.push(step.effect);
  }
  return { state: current, effects };
}

/** Keys by their names, with spaces between; each character of `'text'` is a key. */
const keys = (text: string): TopInput[] =>
  text.split(" ").map((key: Key) => ({ type: "key", key: key === "space" ? " " : key }));

const press = (text: string, state = live): { state: TopState; effects: Effect[] } => play(state, ...keys(text));

describe("the selection", () => {
  test.each([
    ["j", "mails", null],
    ["down down down", "mails", null],
    ["k", "async", null],
    ["enter j j", "async", 2],
    ["enter G", "mails", null],
    ["enter G home", "async", null],
    ["right page_down page_up j", "async", 1],
    ["enter j j left", "async", null],
    ["enter j j enter", "async", null],
  ])("after %s it is %s, worker %p", (text, consumer, worker) => {
    expect(press(text).state.selected).toEqual({ consumer, worker });
  });

  test("it stays on its worker when others come and go", () => {
    const { state } = press("enter j j");
    const fewer = farmStatus({ consumers: [mails, { ...async3, workers: async3.workers.slice(1) }] });
    const after = play(state, { type: "status", status: fewer, atMs: 1 }).state;
    expect(after.tailPath).toContain("worker=2&");
  });

  test("it goes to the consumer when the worker has gone", () => {
    const { state } = press("enter j j j");
    const fewer = farmStatus({ consumers: [mails, { ...async3, workers: async3.workers.slice(0, 1) }] });
    const after = play(state, { type: "status", status: fewer, atMs: 1 }, ...keys("r")).state;
    expect(after.mode).toMatchObject({ ask: { what: "restart async (1 worker)" } });
  });
});

describe("what the lower part reads", () => {
  test.each([
    ["of a consumer", "j", "/v1/logs?consumer=mails&n=300&follow=1"],
    ["of a worker", "enter j j", "/v1/logs?consumer=async&worker=2&n=300&follow=1"],
    ["events", "tab", "/v1/events?n=300&follow=1"],
    ["nothing", "tab tab", null],
    ["a log again", "tab tab tab", "/v1/logs?consumer=async&n=300&follow=1"],
    ["nothing where nothing is selected", "/ x x enter", null],
  ])("%s", (_, text, path) => expect(press(text).state.tailPath).toBe(path));

  const line = { at: null, from: "", text: "hello", tone: "plain" } as const;

  test("the lines of another stream are not shown", () => {
    const path = live.tailPath ?? "";
    const { state } = play(live, { type: "tail", path, lines: [line] }, { type: "tail", path: "old", lines: [line] });
    expect(state.tail).toEqual([line]);
    expect(press("j", state).state.tail).toEqual([]);
    expect(play(state, { type: "tail_begins" }).state.tail).toEqual([]);
  });

  test("only the newest lines are kept", () => {
    const lines = Array.from({ length: 500 }, (_, index) => ({ ...line, text: String(index) }));
    const { state } = play(live, { type: "tail", path: live.tailPath ?? "", lines });
    expect([state.tail.length, state.tail.at(-1)?.text]).toEqual([300, "499"]);
  });
});

describe("a change asks first, and happens with y only", () => {
  test.each([
    ["r", "restart async (3 workers)", "/v1/consumers/async/restart", {}],
    ["R", "rolling restart of async (3 workers)", "/v1/consumers/async/restart", { rolling: true }],
    ["s", "stop async (3 workers)", "/v1/consumers/async/stop", {}],
    ["S", "start async (3 workers)", "/v1/consumers/async/start", {}],
    ["p", "pause async (3 workers)", "/v1/consumers/async/pause", {}],
    ["j p", "resume mails (1 worker)", "/v1/consumers/mails/resume", {}],
    ["enter j r", "restart async:0 (worker 1)", "/v1/consumers/async/restart", { slot: 0 }],
    ["enter j p", "pause async:0 (worker 1)", "/v1/consumers/async/pause", { slot: 0 }],
    ["enter j j j p", "resume async:2 (worker 3)", "/v1/consumers/async/resume", { slot: 2 }],
    ["enter j R", "rolling restart of async (3 workers)", "/v1/consumers/async/restart", { rolling: true }],
    ["+", "scale async from 3 to 4", "/v1/consumers/async/scale", { size: 4 }],
    ["-", "scale async from 3 to 2", "/v1/consumers/async/scale", { size: 2 }],
    ["= 1 2 3 backspace enter", "scale async from 3 to 12", "/v1/consumers/async/scale", { size: 12 }],
    ["a", "give the size of async back", "/v1/consumers/async/scale", { auto: true }],
  ])("%s: %s", (text, what, path, body) => {
    const asked = press(text);
    expect(asked).toMatchObject({ state: { mode: { kind: "confirm", ask: { what, path, body } } }, effects: [] });
    expect(press("y", asked.state).effects).toEqual([{ do: "ask", ask: { what, path, body } }]);
    for (const no of ["n", "enter", "escape", "space", "q", "r"]) {
      expect(press(no, asked.state)).toMatchObject({ state: { mode: { kind: "view" } }, effects: [] });
    }
  });

  test("a name is part of a path only where it is encoded", () => {
    const odd = farmStatus({ consumers: [consumerStatus({ consumer: "a/b c" })] });
    const { state } = play(firstState, { type: "status", status: odd, atMs: 0 }, ...keys("r"));
    expect(state.mode).toMatchObject({ ask: { path: "/v1/consumers/a%2Fb%20c/restart" } });
  });

  test.each([
    ["a size without digits is none", "= enter", "size"],
    ["Escape leaves the size as it is", "= 4 escape", "view"],
    ["a size has digits only", "= x", "size"],
  ])("%s", (_, text, kind) => expect(press(text)).toMatchObject({ state: { mode: { kind } }, effects: [] }));

  test("a size below zero is not asked for", () => {
    const none = farmStatus({ consumers: [consumerStatus({ target: 0, workers: [] })] });
    const { state } = play(firstState, { type: "status", status: none, atMs: 0 }, ...keys("-"));
    expect(state.mode).toMatchObject({ ask: { body: { size: 0 } } });
  });

  test("what came of it is told until the next key", () => {
    const { state } = play(live, { type: "answer", ok: false, message: "async:\u001B[2J no such slot" });
    expect(state.note).toEqual({ text: "async: no such slot", tone: "bad" });
    expect(press("j", state).state.note).toBeNull();
  });
});

describe("a pm that goes away", () => {
  const gone = play(live, ...keys("r"), { type: "gone", atMs: 5 }).state;

  test("is nothing to ask any more", () => {
    expect(gone).toMatchObject({ link: "gone", mode: { kind: "view" }, status: farm });
    expect(press("r", gone)).toMatchObject({ state: { mode: { kind: "view" }, note: { tone: "bad" } }, effects: [] });
  });

  test("is told of when it comes back, with what was selected and shown", () => {
    const before = press("enter j j").state;
    const back = play(before, { type: "gone", atMs: 5 }, { type: "status", status: farm, atMs: 6 }).state;
    expect(back).toMatchObject({ link: "live", note: { text: "pm is back" }, expanded: ["async"] });
    expect(back.selected).toEqual(before.selected);
  });

  test("was never there when none has answered yet", () => {
    expect(play(firstState, { type: "gone", atMs: 1 }).state.link).toBe("connecting");
  });
});

describe("the filter", () => {
  test.each([
    ["/ M A enter", "MA", "mails"],
    ["/ m x backspace enter", "m", "mails"],
    ["/ m escape", "", "async"],
    ["/ m enter escape", "", "async"],
    ["/ q enter", "q", null],
  ])("%s", (text, filter, consumer) => {
    const { state } = press(text);
    const shown = press("r", state).state.mode;
    expect(state.filter).toBe(filter);
    expect(shown.kind === "confirm" ? decodeURIComponent(shown.ask.path.split("/")[3] ?? "") : null).toBe(consumer);
  });
});

describe("keys that do not act on the farm", () => {
  test.each([
    ["q", [{ do: "quit" }]],
    ["ctrl-c", [{ do: "quit" }]],
    ["r ctrl-c", [{ do: "quit" }]],
    ["/ q ctrl-c", [{ do: "quit" }]],
    ["ctrl-z", [{ do: "suspend" }]],
    ["ctrl-l", [{ do: "repaint" }]],
    ["? q", []],
    ["x y Y n", []],
  ] as const)("%s", (text, effects) => expect(press(text).effects).toEqual([...effects]));

  test("before anything is known no key breaks anything", () => {
    for (const key of "jkGgrRsSpa+-=/y?q".split("")) expect(() => press(key, firstState)).not.toThrow();
  });
});
