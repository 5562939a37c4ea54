import { afterEach, expect, test } from "bun:test";
import { Sink } from "../../src/output/sink.ts";
import { writeRest } from "../../src/output/write-rest.ts";
import { closeFd, Epoll, EPOLLOUT, ownBuffer, pipe } from "../../src/system/libc.ts";

const opened: number[] = [];
afterEach(() => opened.splice(0).forEach(closeFd));

const line = ownBuffer(1_000_000).fill("x");

/** A sink whose reader stands still, with more to write than a pipe holds. */
function stalled(): { readonly sink: Sink; readonly epoll: Epoll } {
  const epoll = new Epoll(8);
  const { readFd, writeFd } = pipe("both");
  opened.push(readFd, writeFd);
  const sink = new Sink(writeFd, epoll, -1, () => {});
  for (let copies = 0; copies < 2; copies++) sink.copy(line, 0, line.length);
  return { sink, epoll };
}

test("nothing is waited for once the end has come", () => {
  const { sink, epoll } = stalled();
  const lost = writeRest([sink], epoll, { nowMs: () => 10, endMs: () => 10, listen: () => {} });
  expect(lost).toBeGreaterThan(0);
  expect(sink.pendingBytes).toBe(0);
});

test("the end may come nearer while it is waited for, and comes although somebody still reads", () => {
  const { sink, epoll } = stalled();
  const { readFd, writeFd } = pipe("both");
  opened.push(readFd, writeFd);
  epoll.add(writeFd, EPOLLOUT, 7); // has room, so that no wait lasts
  let now = 0;
  let heard = 0;
  const listen = (): void => void (heard += 1);
  const lost = writeRest([sink], epoll, { nowMs: () => (now += 10), endMs: () => (heard === 3 ? 0 : 5_000), listen });
  expect(heard).toBe(3);
  expect(lost).toBeGreaterThan(0);
});
