import { describe, expect, test } from "bun:test";
import { addressOf, closeFd, EAGAIN, ownBuffer, pipe, readInto, socketPair } from "../../src/system/libc.ts";
import { PipeWriter } from "../../src/system/pipe-writer.ts";

/** All that a pipe holds now. */
function readAll(fd: number): string {
  const buffer = ownBuffer(65_536);
  let text = "";
  for (;;) {
    const size = readInto(fd, addressOf(buffer), buffer.length);
    if (size <= 0) return text;
    text += buffer.toString("utf8", 0, size);
  }
}

describe("PipeWriter", () => {
  test("writes texts whole, whatever their characters", () => {
    const { readFd, writeFd } = pipe("both");
    const writer = new PipeWriter(writeFd, 0);
    expect(writer.write("ä€😀\n")).toBe(true);
    expect(readAll(readFd)).toBe("ä€😀\n");
    for (const fd of [readFd, writeFd]) closeFd(fd);
  });

  test("keeps what does not fit, in order, and never blocks", () => {
    const { readFd, writeFd } = pipe("both");
    const writer = new PipeWriter(writeFd, Number.POSITIVE_INFINITY);
    const texts = Array.from({ length: 400 }, (_, index) => `${index}:${"x".repeat(10_000)}\n`);
    for (const text of texts) expect(writer.write(text)).toBe(true);
    expect(writer.idle).toBe(false);
    let read = "";
    while (!writer.flush()) read += readAll(readFd);
    read += readAll(readFd);
    expect(read).toBe(texts.join(""));
    expect(writer.idle).toBe(true);
    for (const fd of [readFd, writeFd]) closeFd(fd);
  });

  test("drops whole texts beyond its bound", () => {
    const { readFd, writeFd } = pipe("both");
    const writer = new PipeWriter(writeFd, 20_000);
    const taken = Array.from({ length: 300 }, (_, index) => `${index}:${"x".repeat(10_000)}\n`).filter((text) =>
      writer.write(text),
    );
    expect(taken.length).toBeLessThan(300);
    let read = "";
    while (!writer.flush()) read += readAll(readFd);
    expect(read + readAll(readFd)).toBe(taken.join(""));
    for (const fd of [readFd, writeFd]) closeFd(fd);
  });

  test("says so when nobody reads any more", () => {
    const { readFd, writeFd } = pipe("both");
    closeFd(readFd);
    expect(new PipeWriter(writeFd, 100).write("x")).toBe(false);
    closeFd(writeFd);
  });
});

test("our end of a socket pair does not block", () => {
  const { ours, theirs } = socketPair();
  const buffer = ownBuffer(8);
  expect(readInto(ours, addressOf(buffer), 8)).toBe(-EAGAIN);
  for (const fd of [ours, theirs]) closeFd(fd);
});
