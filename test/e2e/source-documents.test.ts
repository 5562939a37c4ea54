import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { farmFile } from "../support/farm-file.ts";
import { PmProcess } from "../support/pm-process.ts";
import { isAlive } from "../support/proc.ts";
import { feed, feedLine, feedSource, pidsOf, telling } from "../support/source-feed.ts";

const farm = (top: Readonly<Record<string, unknown>> = {}): string => farmFile({}, { source: feedSource, ...top });

test("a farm of a program alone starts with nothing, runs what the program names, and ends in order", async () => {
  await using pm = new PmProcess(farm());
  await pm.record("Process manager server started.", { workers: 0 });
  feed(pm, { a: telling({ processes: 2 }), b: telling() });
  expect(await pidsOf(pm, "a", 2)).toHaveLength(2);
  expect(await pidsOf(pm, "b", 1)).toHaveLength(1);
  expect(await pm.until('worker_starts_total{consumer="a"}', (value) => value === 2)).toBe(2);
  expect(await pm.stop()).toBe(0);
});

test("only what differs from the document before is touched", async () => {
  await using pm = new PmProcess(farm());
  feed(pm, { same: telling(), changed: telling(), gone: telling() });
  const [same] = await pidsOf(pm, "same", 1);
  const [gone] = await pidsOf(pm, "gone", 1);
  await pidsOf(pm, "changed", 1);
  feed(pm, { added: telling(), changed: telling({ env: { NEW: "1" } }), same: telling() });
  await pm.record("Consumer removed.", { consumer: "gone" });
  await pidsOf(pm, "changed", 2);
  await pidsOf(pm, "added", 1);
  expect(isAlive(gone!)).toBe(false);
  expect(isAlive(same!)).toBe(true);
  expect(await pidsOf(pm, "same", 1)).toEqual([same!]);
});

test("an invalid entry keeps its last good definition running, and the others of its document apply", async () => {
  await using pm = new PmProcess(farm());
  feed(pm, { bad: telling(), other: telling() });
  const [kept] = await pidsOf(pm, "bad", 1);
  await pidsOf(pm, "other", 1);
  feed(pm, { bad: telling({ processes: "many" }), other: telling({ env: { NEW: "1" } }), never: 5 });
  const { context } = await pm.record("Consumer definition rejected.", { consumer: "bad" });
  expect(context).toMatchObject({
    kept: true,
    error: expect.stringContaining("consumers.bad.processes: must be a whole number"),
  });
  await pm.record("Consumer definition rejected.", { consumer: "never", kept: false });
  await pidsOf(pm, "other", 2);
  expect(isAlive(kept!)).toBe(true);
  feed(pm, { bad: telling({ env: { MENDED: "1" } }), other: telling({ env: { NEW: "1" } }) });
  await pidsOf(pm, "bad", 2);
});

test.each([
  ["no document", "not a document"],
  ["an empty object", "{}"],
  ["half a document", '{"consumers":{"a":'],
])("%s changes nothing", async (_, line) => {
  await using pm = new PmProcess(farm());
  feed(pm, { a: telling() });
  const [pid] = await pidsOf(pm, "a", 1);
  feedLine(pm, line);
  await pm.record("Consumer source failed.");
  expect(isAlive(pid!)).toBe(true);
  feed(pm, { a: telling(), b: telling() });
  await pidsOf(pm, "b", 1);
  await pm.record("Consumer source recovered.");
  expect(await pidsOf(pm, "a", 1)).toEqual([pid!]);
});

test("changed content counts though its mtime is the old one; a grown mtime restarts what has not changed", async () => {
  await using pm = new PmProcess(farm());
  feed(pm, { a: telling({ mtime: 10 }), b: telling({ mtime: 10 }) });
  await pidsOf(pm, "a", 1);
  await pidsOf(pm, "b", 1);
  feed(pm, { a: telling({ mtime: 10, env: { NEW: "1" } }), b: telling({ mtime: 9 }) });
  await pidsOf(pm, "a", 2);
  expect(await pidsOf(pm, "b", 1)).toHaveLength(1);
  feed(pm, { a: telling({ mtime: 10, env: { NEW: "1" } }), b: telling({ mtime: 11 }) });
  await pidsOf(pm, "b", 2);
  expect(await pidsOf(pm, "a", 2)).toHaveLength(2);
});

test("names with dots, numeric ids and a list run as they are named", async () => {
  await using pm = new PmProcess(farm());
  feed(pm, { "a.b": telling(), a: telling(), 7: telling() });
  for (const name of ["a.b", "a", "7"]) await pidsOf(pm, name, 1);
  feedLine(pm, JSON.stringify({ consumers: [telling(), telling()] }));
  for (const name of ["0", "1"]) await pidsOf(pm, name, 1);
  for (const name of ["a.b", "a", "7"]) await pm.record("Consumer removed.", { consumer: name });
});

test("consumers of the file stand beside those of the program, and win over them", async () => {
  await using pm = new PmProcess(farmFile({ mine: telling() }, { source: feedSource }));
  const [mine] = await pidsOf(pm, "mine", 1);
  feed(pm, { mine: telling({ env: { OTHER: "1" } }), yours: telling() });
  await pm.record("Consumer definition rejected.", { consumer: "mine", kept: false });
  await pidsOf(pm, "yours", 1);
  expect(await pidsOf(pm, "mine", 1)).toEqual([mine!]);
  feed(pm, {});
  await pm.record("Consumer removed.", { consumer: "yours" });
  expect(isAlive(mine!)).toBe(true);
});

test("what is beyond total_cap is rejected, and nothing that runs makes room for it", async () => {
  await using pm = new PmProcess(farm({ total_cap: 2 }));
  feed(pm, { a: telling({ processes: 2 }) });
  await pidsOf(pm, "a", 2);
  feed(pm, { "0": telling(), a: telling({ processes: 2 }) });
  await pm.record("Consumer definition rejected.", { consumer: "0" });
  expect(await pm.metric('worker_starts_total{consumer="a"}')).toBe(2);
});

test("poll runs the program again and again", async () => {
  await using pm = new PmProcess(farmFile({}, { source: { command: ["cat", "entries.yaml"], interval: "1s" } }));
  await pm.record("Consumer source failed.", { error: "exit code 1: cat: entries.yaml: No such file or directory" });
  writeFileSync(join(pm.folder, "entries.yaml"), "consumers:\n  a: {command: [sleep, '1000']}\n");
  await pm.record("Consumer source recovered.");
  await pm.record("Consumer added.", { consumer: "a" });
  writeFileSync(join(pm.folder, "entries.yaml"), "consumers: {}\n");
  await pm.record("Consumer removed.", { consumer: "a" });
  rmSync(join(pm.folder, "entries.yaml"));
  await pm.records("Consumer source failed.", 2);
});
