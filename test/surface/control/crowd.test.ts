import { expect, test } from "bun:test";
import { chooseToClose } from "../../../src/surface/control/crowd.ts";

const of = (pid: number, ...fds: readonly number[]) => fds.map((fd) => ({ fd, pid }));

test.each([
  ["nobody while there is room", [...of(1, 10, 11), ...of(2, 12)], 3, []],
  ["whoever holds most loses, and of its own the lowest", [...of(1, 10, 11, 12, 13), ...of(2, 14)], 3, [11, 10]],
  ["one connection each is kept before any keeps two", [...of(1, 10, 11, 12), ...of(2, 13), ...of(3, 14)], 3, [11, 10]],
  ["all alike lose alike", [...of(1, 10, 11), ...of(2, 12, 13)], 2, [12, 10]],
  ["some, when even one each is too many", [...of(1, 10), ...of(2, 11), ...of(3, 12)], 2, [10]],
])("to close: %s", (_, connections, keep, closed) => {
  expect(chooseToClose(connections, keep)).toEqual(closed);
});
