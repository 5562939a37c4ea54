import { beforeEach, expect, test } from "bun:test";
import { PipeRoom } from "../../src/output/pipe-room.ts";

const full = 64 * 1024;
let enlarged: [fd: number, bytes: number][];
let room: PipeRoom;

beforeEach(() => {
  enlarged = [];
  room = new PipeRoom((fd, bytes) => void enlarged.push([fd, bytes]));
});

function read(fd: number, ...sizes: readonly number[]): void {
  for (const size of sizes) room.heard(fd, size);
}

const flood = Array.from({ length: 8 }, () => full);

test("a pipe that is found full again and again is enlarged, once", () => {
  read(3, ...flood.slice(1));
  expect(enlarged).toEqual([]);
  read(3, full);
  expect(enlarged).toEqual([[3, 256 * 1024]]);
  read(3, ...flood, ...flood);
  expect(enlarged).toHaveLength(1);
});

test("a burst does not count, nor do the reads of others", () => {
  for (let burst = 0; burst < 20; burst++) read(3, ...flood.slice(1), 1000);
  for (let fd = 10; fd < 17; fd++) read(fd, full);
  expect(enlarged).toEqual([]);
});

test("no more than so many at once; one that ends makes room for another", () => {
  for (let fd = 0; fd < 100; fd++) read(fd, ...flood);
  expect(enlarged.map(([fd]) => fd)).toEqual(Array.from({ length: 64 }, (_, fd) => fd));
  room.forget(5);
  read(99, full);
  expect(enlarged.at(-1)).toEqual([99, 256 * 1024]);
});

test("a descriptor that is given out again begins anew", () => {
  read(3, ...flood.slice(1));
  room.forget(3);
  read(3, ...flood.slice(1));
  expect(enlarged).toEqual([]);
});
