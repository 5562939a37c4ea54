import { openSync } from "node:fs";
import { afterEach, expect, test } from "bun:test";
import { Sink } from "../../src/output/sink.ts";
import { closeFd, Epoll, ownBuffer, pipe } from "../../src/system/libc.ts";

const opened: number[] = [];
afterEach(() => opened.splice(0).forEach(closeFd));

const line = ownBuffer(5);
line.write("line\n");

/** Puts a line into a sink on the descriptor at these times; tells what became of each, and what the sink said of itself. */
function story(fd: number, timesMs: readonly number[]): string[] {
  opened.push(fd);
  const said: string[] = [];
  const sink = new Sink(fd, new Epoll(8), -1, (change, code) => said.push(`${change} ${code}`));
  for (const nowMs of timesMs) {
    if (sink.refuses(() => nowMs)) {
      said.push(`${nowMs}: refused`);
      continue;
    }
    sink.copy(line, 0, line.length);
    sink.added(() => nowMs);
    sink.flush(nowMs);
    said.push(`${nowMs}: tried`);
  }
  return said;
}

test("a full disk is tried again, ten times a second at most", () => {
  expect(story(openSync("/dev/full", "w"), [1000, 1001, 1099, 1100, 1101])).toEqual([
    "sink_failed ENOSPC",
    "1000: tried",
    "1001: refused",
    "1099: refused",
    "1100: tried",
    "1101: refused",
  ]);
});

test("a pipe whose reader has gone is never tried again", () => {
  const { readFd, writeFd } = pipe("both");
  opened.push(writeFd);
  const heard: string[] = [];
  const sink = new Sink(writeFd, new Epoll(8), -1, (change, code) => heard.push(`${change} ${code}`));
  closeFd(readFd);
  sink.copy(line, 0, line.length);
  sink.flush(0);
  expect([heard, sink.refuses(() => 0), sink.refuses(() => 1e9)]).toEqual([["sink_failed EPIPE"], true, true]);
});
