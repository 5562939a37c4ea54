import { readSync } from "node:fs";
import { expect, test } from "bun:test";
import { closeFd, pipe } from "../../src/system/libc.ts";
import { TurnWriter } from "../../src/system/turn-writer.ts";

/** What is in the pipe now. */
function said(readFd: number): string {
  const chunk = Buffer.alloc(1 << 20);
  try {
    return chunk.toString("utf8", 0, readSync(readFd, chunk));
  } catch {
    return ""; // nothing, for now
  }
}

const inNonBlocking = () => pipe("both");

test("the texts of a turn go out together when it ends, in order", async () => {
  const { readFd, writeFd } = inNonBlocking();
  const handed: number[] = [];
  const writer = new TurnWriter(writeFd, 100, (dropped) => handed.push(dropped));
  writer.write("one\n");
  writer.write("zwölf\n");
  expect(said(readFd)).toBe("");
  await Promise.resolve();
  expect(said(readFd)).toBe("one\nzwölf\n");
  expect(handed).toEqual([0]);
  writer.close();
  closeFd(readFd);
});

test("a burst goes out in between, so that it needs little memory", () => {
  const { readFd, writeFd } = inNonBlocking();
  const writer = new TurnWriter(writeFd, 100);
  for (let text = 0; text < 100; text++) writer.write("x".repeat(100));
  expect(said(readFd).length).toBeGreaterThan(8000);
  writer.close();
  closeFd(readFd);
});

test("what is there is handed over by a flush and before it is closed, and nothing after that", async () => {
  const { readFd, writeFd } = inNonBlocking();
  const writer = new TurnWriter(writeFd, 100);
  writer.write("a");
  expect(writer.flush()).toBeTrue();
  expect(said(readFd)).toBe("a");
  writer.write("b");
  writer.close();
  writer.write("c");
  await Promise.resolve();
  expect(said(readFd)).toBe("b");
  closeFd(readFd);
});

test("texts that nobody takes are counted", async () => {
  const { readFd, writeFd } = inNonBlocking();
  closeFd(readFd);
  let dropped = 0;
  const writer = new TurnWriter(writeFd, 100, (texts) => (dropped += texts));
  writer.write("a");
  writer.write("b");
  await Promise.resolve();
  expect(dropped).toBe(2);
  writer.close();
});
