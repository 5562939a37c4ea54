import { expect, test } from "bun:test";
import { readdirSync, readSync } from "node:fs";
import { closeFd, pipe } from "../../src/system/libc.ts";
import { PipeSender } from "../../src/system/pipe-sender.ts";
import { until } from "../support/proc.ts";

const openFiles = (): number => readdirSync("/proc/self/fd").length;

/** What a process reads to the end of its stdin, and how the sender fared. */
async function sent(texts: readonly string[]): Promise<string> {
  const { readFd, writeFd } = pipe("write");
  const reader = Bun.spawn(["cat"], { stdio: [readFd, "pipe", "inherit"] });
  closeFd(readFd);
  const sender = new PipeSender(writeFd, () => expect.unreachable());
  for (const text of texts) sender.send(text);
  sender.end();
  return new Response(reader.stdout).text();
}

test.each<[string, readonly string[]]>([
  ["nothing", []],
  ["a line", ["a\n"]],
  ["many lines of one turn", Array.from({ length: 1_000 }, (_, at) => `line ${at}\n`)],
  ["letters of several bytes", ["ü€😀\n".repeat(30_000)]],
  ["far more than a pipe holds, and more behind it", ["x".repeat(5_000_000), "y".repeat(300_000), "end"]],
])("all of %s arrives, in order", async (_, texts) => {
  expect(await sent(texts)).toBe(texts.join(""));
});

test("what is sent while the rest of the last is on its way comes after it", async () => {
  const { readFd, writeFd } = pipe("write");
  const reader = Bun.spawn(["cat"], { stdio: [readFd, "pipe", "inherit"] });
  closeFd(readFd);
  const sender = new PipeSender(writeFd, () => expect.unreachable());
  sender.send("a".repeat(1_000_000));
  await Promise.resolve(); // the first write has been made, and did not take all
  sender.send("b");
  sender.end();
  expect(await new Response(reader.stdout).text()).toBe(`${"a".repeat(1_000_000)}b`);
});

test("who has gone is told of once, however much is sent, and no descriptor is left", async () => {
  const before = openFiles();
  for (const size of [1, 1_000_000]) {
    const { readFd, writeFd } = pipe("write");
    closeFd(readFd);
    const { promise, resolve } = Promise.withResolvers<string>();
    const told: string[] = [];
    const sender = new PipeSender(writeFd, (code) => {
      told.push(code);
      resolve(code);
    });
    sender.send("x".repeat(size));
    expect(await promise).toBe("EPIPE");
    sender.end();
    sender.send("more");
    expect(told).toEqual(["EPIPE"]);
  }
  await until(() => openFiles() <= before); // Bun closes its own a moment after it has told
});

test("a reader that stands still holds nobody up", async () => {
  const { readFd, writeFd } = pipe("write");
  const { promise, resolve } = Promise.withResolvers<string>();
  const sender = new PipeSender(writeFd, resolve);
  for (let count = 0; count < 100; count++) sender.send("x".repeat(100_000)); // this returns
  const chunk = Buffer.alloc(10);
  expect(await Promise.resolve().then(() => readSync(readFd, chunk))).toBe(10);
  closeFd(readFd);
  expect(await promise).toBe("EPIPE");
  sender.end();
});
