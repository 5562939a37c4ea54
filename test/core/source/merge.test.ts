import { describe, expect, test } from "bun:test";
import type { ConsumerSpec } from "../../../src/core/farm/spec.ts";
import type { Accepted, EntryDocument, RejectedEntry } from "../../../src/core/source/entries.ts";
import { mergeEntries, type Merged } from "../../../src/core/source/merge.ts";
import { consumerSpec } from "../../support/specs.ts";

const entry = (name: string, command = "x", mtime: number | null = null, processes = 1): ConsumerSpec =>
  consumerSpec({ name, command: [command], mtime, origin: "source", size: { kind: "static", processes } });
const invalid = (consumer: string): RejectedEntry => ({ consumer, error: `consumers.${consumer}: wrong` });
const none: Accepted = new Map();

/** Merges a document after others, each a list of entries and invalid entries. */
function merged(
  documents: readonly (readonly (ConsumerSpec | RejectedEntry)[])[],
  fromFile: readonly ConsumerSpec[] = [],
  totalCap: number | null = null,
): Merged {
  let last: Merged = { consumers: [], accepted: none, rejected: [] };
  for (const all of documents) {
    const document: EntryDocument = {
      good: all.filter((each): each is ConsumerSpec => "name" in each),
      rejected: all.filter((each): each is RejectedEntry => "error" in each),
    };
    last = mergeEntries({ fromFile, previous: last.accepted, document, room: { totalCap, cluster: null } });
  }
  return last;
}
const shown = ({ consumers }: Merged): string[] =>
  consumers.map(({ name, command, mtime }) => `${name}:${command[0]}@${mtime}`);

describe("mergeEntries", () => {
  test("joins the consumers of the file and those of the document, the file's first", () => {
    expect(shown(merged([[entry("b"), entry("c")]], [consumerSpec({ name: "a", command: ["f"] })]))).toEqual([
      "a:f@null",
      "b:x@null",
      "c:x@null",
    ]);
  });

  test("an invalid entry keeps its last good definition running, and says so", () => {
    const result = merged([
      [entry("a", "old"), entry("b")],
      [invalid("a"), entry("b", "new")],
    ]);
    expect(shown(result)).toEqual(["a:old@null", "b:new@null"]);
    expect(result.rejected).toEqual([{ ...invalid("a"), kept: true }]);
  });

  test("an invalid entry that was never good runs nothing, and says so", () => {
    const result = merged([[invalid("a"), entry("b")]]);
    expect(shown(result)).toEqual(["b:x@null"]);
    expect(result.rejected).toEqual([{ ...invalid("a"), kept: false }]);
  });

  test("an invalid entry goes on for as many documents as it stays invalid, and a mended one takes its place", () => {
    const bad = [invalid("a")];
    expect(shown(merged([[entry("a", "old")], bad, bad, bad]))).toEqual(["a:old@null"]);
    expect(shown(merged([[entry("a", "old")], bad, [entry("a", "new")]]))).toEqual(["a:new@null"]);
  });

  test("an entry that is gone is removed; one that was invalid too", () => {
    expect(shown(merged([[entry("a"), entry("b")], [entry("b")]]))).toEqual(["b:x@null"]);
    expect(shown(merged([[entry("a")], [invalid("a")], []]))).toEqual([]);
  });

  test("an entry that comes back is the new one, not the old one", () => {
    expect(shown(merged([[entry("a", "old", 5)], [], [entry("a", "new", 5)]]))).toEqual(["a:new@5"]);
  });

  test("a name of the file is the file's", () => {
    const result = merged([[entry("a", "mine"), entry("b")]], [consumerSpec({ name: "a", command: ["file"] })]);
    expect(shown(result)).toEqual(["a:file@null", "b:x@null"]);
    expect(result.rejected).toEqual([
      { consumer: "a", error: expect.stringContaining("is in pm.yaml already"), kept: false },
    ]);
  });

  test("what is known keeps its place, what is new comes last", () => {
    const result = merged([
      [entry("a"), entry("b"), entry("c")],
      [entry("z"), entry("c"), invalid("b"), entry("a")],
    ]);
    expect(shown(result)).toEqual(["a:x@null", "b:x@null", "c:x@null", "z:x@null"]);
  });

  test("an entry without a change is the very value it was", () => {
    const first = merged([[entry("a", "x", 7)]]);
    const env = { A: "1", B: "2" };
    const again = mergeEntries({
      fromFile: [],
      previous: new Map([["a", { ...entry("a", "x", 7), env }]]),
      document: { good: [{ ...entry("a", "x", 7), env: { B: "2", A: "1" } }], rejected: [] },
      room: { totalCap: null, cluster: null },
    });
    expect(again.consumers[0]?.env).toBe(env);
    expect(first.accepted.get("a")?.mtime).toBe(7);
  });
});

describe("content and mtime", () => {
  test.each<[what: string, before: [string, number | null], after: [string, number | null], is: string]>([
    ["changed content with an equal mtime: content wins", ["old", 5], ["new", 5], "a:new@5"],
    ["changed content with an older mtime: content wins", ["old", 5], ["new", 3], "a:new@5"],
    ["changed content without an mtime: content wins", ["old", 5], ["new", null], "a:new@5"],
    ["the same content with a greater mtime: it grows", ["old", 5], ["old", 6], "a:old@6"],
    ["the same content with an older mtime: nothing", ["old", 5], ["old", 4], "a:old@5"],
    ["a first mtime", ["old", null], ["old", 4], "a:old@4"],
  ])("%s", (_, before, after, is) => {
    expect(shown(merged([[entry("a", ...before)], [entry("a", ...after)]]))).toEqual([is]);
  });
});

const sized = (result: Merged): string[] =>
  result.consumers.map(({ name, size }) => `${name}=${size.kind === "static" ? size.processes : "?"}`);

describe("under total_cap", () => {
  const file = [consumerSpec({ name: "file", size: { kind: "static", processes: 4 } })];

  test("an entry beyond it is rejected, and the others run", () => {
    const result = merged([[entry("a", "x", null, 5), entry("b", "x", null, 2), entry("c")]], file, 10);
    expect(sized(result)).toEqual(["file=4", "a=5", "c=1"]);
    expect(result.rejected).toEqual([
      {
        consumer: "b",
        error: "needs 2 more workers, and total_cap leaves 1; raise total_cap or ask for fewer",
        kept: false,
      },
    ]);
  });

  test("an entry that grows beyond it keeps its last good definition", () => {
    const result = merged([[entry("a", "x", null, 2)], [entry("a", "y", null, 7)]], file, 10);
    expect(sized(result)).toEqual(["file=4", "a=2"]);
    expect(result.rejected.map(({ kept }) => kept)).toEqual([true]);
  });

  test("a new entry takes nothing from one that runs, even where it stands before it", () => {
    const result = merged([[entry("a", "x", null, 6)], [entry("0", "x", null, 6), entry("a", "x", null, 6)]], file, 10);
    expect(sized(result)).toEqual(["file=4", "a=6"]);
  });

  test("what one entry gives up another may have at once", () => {
    const result = merged(
      [
        [entry("a", "x", null, 1), entry("b", "x", null, 5)],
        [entry("a", "x", null, 4), entry("b", "x", null, 2)],
      ],
      file,
      10,
    );
    expect(sized(result)).toEqual(["file=4", "a=4", "b=2"]);
  });

  test("the room of a node is for its own share", () => {
    const cluster = { nodes: ["a", "b"], self: "a", by: "balanced", share: "consumers" } as const;
    const good = [
      entry("p", "x", null, 3),
      entry("q", "x", null, 3),
      entry("r", "x", null, 3),
      entry("s", "x", null, 3),
    ];
    const result = mergeEntries({
      fromFile: [],
      previous: none,
      document: { good, rejected: [] },
      room: { totalCap: 6, cluster },
    });
    expect(result.rejected).toEqual([]);
    const full = mergeEntries({
      fromFile: [],
      previous: none,
      document: { good, rejected: [] },
      room: { totalCap: 4, cluster },
    });
    expect(full.rejected.map(({ consumer }) => consumer)).toEqual(["r"]);
  });
});
