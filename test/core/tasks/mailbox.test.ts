import { expect, test } from "bun:test";

import { isBefore, Mailbox } from "../../../src/core/tasks/mailbox.ts";

interface Letter {
  readonly name: string;
  readonly priority: number;
  order: number;
  mailboxAt: number;
}

function letter(name: string, order: number, priority = 0): Letter {
  return { name, order, priority, mailboxAt: -1 };
}

function emptied(mailbox: Mailbox<Letter>): string[] {
  const names: string[] = [];
  for (let next = mailbox.first; next !== undefined; next = mailbox.first) {
    names.push(next.name);
    mailbox.remove(next);
  }
  return names;
}

test.each<[string, Letter, Letter, boolean]>([
  ["the higher priority", letter("a", 9, 1), letter("b", 1, 0), true],
  ["the lower priority", letter("a", 1, -1), letter("b", 9, 0), false],
  ["the earlier of the same priority", letter("a", 1), letter("b", 2), true],
  ["the later of the same priority", letter("a", 2), letter("b", 1), false],
])("%s goes first or not", (_, a, b, expected) => {
  expect(isBefore(a, b)).toBe(expected);
});

test("tasks leave by priority, then in the order they came", () => {
  const mailbox = new Mailbox<Letter>(9);
  [letter("c", 1), letter("a", 2, 5), letter("d", 3), letter("b", 4, 5), letter("e", 5, -1)].map((one) =>
    mailbox.put(one),
  );
  expect(emptied(mailbox)).toEqual(["a", "b", "c", "d", "e"]);
});

test("it takes no more than its limit, and one more for each that leaves", () => {
  const mailbox = new Mailbox<Letter>(2);
  const first = letter("a", 1);
  expect([mailbox.put(first), mailbox.put(letter("b", 2)), mailbox.put(letter("c", 3))]).toEqual([true, true, false]);
  mailbox.remove(first);
  expect(mailbox.put(letter("d", 4))).toBe(true);
  expect(mailbox.size).toBe(2);
});

test("a limit of 0 takes nothing", () => {
  expect(new Mailbox<Letter>(0).put(letter("a", 1))).toBe(false);
});

test("what is not in it is not taken out", () => {
  const mailbox = new Mailbox<Letter>(2);
  const [stays, never] = [letter("stays", 1), letter("never", 0)];
  mailbox.put(stays);
  mailbox.remove(never);
  mailbox.remove(stays);
  mailbox.remove(stays);
  expect(mailbox.size).toBe(0);
});

test("in whichever order things come and leave, the order is that of a sorted list", () => {
  let state = 7;
  const pick = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < 300; round++) {
    const mailbox = new Mailbox<Letter>(64);
    const inside: Letter[] = [];
    for (let step = 0; step < 80; step++) {
      if (pick(3) > 0 || inside.length === 0) {
        const one = letter(String(step), pick(50) - 10, pick(4));
        if (mailbox.put(one)) inside.push(one);
      } else for (const one of inside.splice(pick(inside.length), 1)) mailbox.remove(one);
    }
    const left: Letter[] = [];
    for (let next = mailbox.first; next !== undefined; next = mailbox.first) {
      left.push(next);
      mailbox.remove(next);
    }
    const turn = ({ priority, order }: Letter) => `${priority}/${order}`;
    expect(left.map(turn)).toEqual(inside.toSorted((a, b) => b.priority - a.priority || a.order - b.order).map(turn));
    expect(new Set(left)).toEqual(new Set(inside));
  }
});
