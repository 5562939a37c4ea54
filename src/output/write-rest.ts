import type { Epoll } from "../system/libc.ts";
import type { Sink } from "./sink.ts";

/** How long a reader must have stood still before nobody waits for it any longer. */
export const givenUpAfterMs = 1_000;

/** How the end is timed. */
export interface LastWrites {
  readonly nowMs: () => number;
  /** When writing ends even though somebody still reads; asked again and again, since it may come nearer. */
  readonly endMs: () => number;
  /** Called after each wait, to hear what the main thread says meanwhile. */
  readonly listen: () => void;
}

/** Writes what waits in the sinks, as long as somebody reads it and time is left. Returns the bytes that nobody took. */
export function writeRest(sinks: readonly Sink[], epoll: Epoll, { nowMs, endMs, listen }: LastWrites): number {
  for (const sink of sinks) sink.flush(nowMs());
  for (;;) {
    const waiting = sinks.filter((sink) => sink.pendingBytes > 0);
    if (waiting.length === 0) return 0;
    const now = nowMs();
    const stalledMs = Math.min(...waiting.map((sink) => sink.stalledMs(now)));
    const leftMs = Math.min(givenUpAfterMs - stalledMs, endMs() - now);
    if (leftMs <= 0) return waiting.reduce((lost, sink) => lost + sink.discard(), 0);
    epoll.wait(Math.ceil(leftMs));
    listen();
    for (const sink of waiting) sink.flush(nowMs());
  }
}
