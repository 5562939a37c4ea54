import { describe, expect, test } from "bun:test";

import { chooseWorker, type Seat } from "../../../src/core/tasks/choose.ts";

const idle: Seat = { isOpen: true, load: 0, free: 1, room: 3 };
const running: Seat = { isOpen: true, load: 1, free: 0, room: 2 };
const waited: Seat = { isOpen: true, load: 2, free: 0, room: 1 };
const full: Seat = { isOpen: true, load: 3, free: 0, room: 0 };
const starting: Seat = { isOpen: false, load: 0, free: 0, room: 2 };
const startingWaited: Seat = { isOpen: false, load: 1, free: 0, room: 1 };

describe("least loaded", () => {
  test.each<[string, readonly Seat[], number, number]>([
    ["nobody is there", [], 0, -1],
    ["all are full", [full, full], 0, -1],
    ["the running task counts: the idle one gets it, not the first one without a queue", [running, idle], 0, 1],
    ["who has least in hand and waiting", [waited, running, waited], 0, 1],
    ["of equals the next in turn", [running, running, running], 1, 1],
    ["of equals the next in turn, past the end", [running, waited, waited], 2, 0],
    ["a turn beyond those that are left begins anew", [running, running], 5, 1],
    ["a full one is passed over", [full, waited], 0, 1],
    ["one that is not open comes last, although it has nothing to do", [starting, waited], 0, 1],
    ["one that is not open takes it when no open one has room", [full, starting], 0, 1],
    ["of those that are not open the one with the least", [startingWaited, full, starting], 0, 2],
  ])("%s", (_, seats, turn, expected) => {
    expect(chooseWorker("least_loaded", seats, turn)).toBe(expected);
  });
});

describe("round robin", () => {
  test.each<[string, readonly Seat[], number, number]>([
    ["nobody is there", [], 3, -1],
    ["all are full", [full], 0, -1],
    ["the next in turn, whatever waits for it", [running, waited, running], 1, 1],
    ["one that could begin at once before one where it would wait", [running, running, idle], 0, 2],
    ["the next of those that could begin", [idle, running, idle], 1, 2],
    ["a full one is passed over", [running, full, waited], 1, 2],
    ["one that is not open is passed over", [running, starting], 1, 0],
    ["one that is not open takes it when no open one has room", [full, starting, starting], 2, 2],
  ])("%s", (_, seats, turn, expected) => {
    expect(chooseWorker("round_robin", seats, turn)).toBe(expected);
  });
});
