import { expect, test } from "bun:test";
import { Follower } from "../../src/top/follower.ts";
import type { FarmLink } from "../../src/top/link.ts";
import { logLine } from "./farm-server.ts";

/** Streams by hand. */
class Streams implements FarmLink {
  readonly open: { path: string; hear: (document: unknown) => void; end: () => void; signal: AbortSignal }[] = [];

  async lines(path: string, hear: (document: unknown) => void, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.open.push({ path, hear, end: resolve, signal });
    await promise;
  }

  readonly status = async (): Promise<{ type: "gone" }> => ({ type: "gone" });
  readonly act = async (): Promise<{ ok: boolean; message: string }> => ({ ok: true, message: "" });
}

const texts = (follower: Follower): string[] => follower.take().map(({ text }) => text);

test("another stream ends the one before, which is heard no more", () => {
  const streams = new Streams();
  const follower = new Follower(
    streams,
    () => {},
    () => {},
  );
  follower.follow("/a");
  follower.follow("/a");
  streams.open[0]?.hear(logLine("of a"));
  follower.follow("/b");
  streams.open[0]?.hear(logLine("of a, late"));
  streams.open[1]?.hear(logLine("of b"));
  expect(streams.open.map(({ path, signal }) => [path, signal.aborted])).toEqual([
    ["/a", true],
    ["/b", false],
  ]);
  expect(texts(follower)).toEqual(["of b"]);
  expect(texts(follower)).toEqual([]);
  follower.follow(null);
  expect(streams.open[1]?.signal.aborted).toBe(true);
});

test("a stream that ends is told of, and begins again only when asked to", async () => {
  const streams = new Streams();
  const ended = Promise.withResolvers<void>();
  const follower = new Follower(streams, () => {}, ended.resolve);
  follower.follow("/a");
  expect(follower.revive()).toBe(false);
  streams.open[0]?.end();
  await ended.promise;
  expect(streams.open.length).toBe(1);
  expect(follower.revive()).toBe(true);
  expect(streams.open.length).toBe(2);
});

test("of a flood only the newest lines are kept", () => {
  const streams = new Streams();
  const follower = new Follower(
    streams,
    () => {},
    () => {},
  );
  follower.follow("/a");
  for (let line = 0; line < 100_000; line++) streams.open[0]?.hear(logLine(String(line)));
  const lines = texts(follower);
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([300, "99700", "99999"]);
});
