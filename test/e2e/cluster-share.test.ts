import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { farmFile } from "../support/farm-file.ts";
import { PmProcess, pmBinary } from "../support/pm-process.ts";
import { feed, feedSource, pidsOf, telling } from "../support/source-feed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const names = ["one", "two", "three", "four", "five", "six"];
const consumers = Object.fromEntries(names.map((name) => [name, telling()]));

/** JSON is YAML, but `farmFile` takes a `$` literally. */
const fromEnvironment = (text: string): string => text.replace('"self":"NODE"', '"self":"${NODE}"');

/** Which consumers a pm has started, once it has started as many workers as its first record says. */
async function started(pm: PmProcess): Promise<string[]> {
  const { context } = await pm.record("Process manager server started.");
  const workers = Number(context["workers"]);
  if (workers > 0) await pm.stdout.count((line) => line.includes(" runs as "), workers);
  return pm.stdout.all.map((line) => /\] (\S+) runs as/u.exec(line)?.[1] ?? "").toSorted();
}

/** The same file on three nodes, whose names come from their environment. */
function onThreeNodes(cluster: Readonly<Record<string, unknown>>, of: typeof consumers): PmProcess[] {
  const text = fromEnvironment(farmFile(of, { cluster: { nodes: 3, self: "NODE", ...cluster } }));
  return ["0", "1", "2"].map((node) => new PmProcess(text, { env: { NODE: node } }));
}

test.each(["rendezvous", "modulo", "balanced"])(
  "by %s every consumer runs on exactly one of three nodes",
  async (by) => {
    const nodes = onThreeNodes({ by }, consumers);
    await using first = nodes[0]!;
    await using second = nodes[1]!;
    await using third = nodes[2]!;
    const each = [await started(first), await started(second), await started(third)];
    expect(each.flat().toSorted()).toEqual(names.toSorted());
    if (by === "balanced") expect(each.map(({ length }) => length)).toEqual([2, 2, 2]);
  },
);

test("with share: workers the workers of each consumer are divided", async () => {
  const nodes = onThreeNodes({ share: "workers" }, { many: telling({ processes: 7 }), single: telling() });
  await using first = nodes[0]!;
  await using second = nodes[1]!;
  await using third = nodes[2]!;
  const each = [await started(first), await started(second), await started(third)];
  const counts = each.map((all) => all.filter((name) => name === "many").length);
  expect(counts.toSorted((a, b) => a - b)).toEqual([2, 2, 3]);
  expect(each.flat().filter((name) => name === "single")).toHaveLength(1);
});

test("a node that comes takes over its share at the reload of the others, and nothing else moves", async () => {
  using folder = temporaryFolder();
  const nodesFile = join(folder.path, "nodes.json");
  const text = farmFile(consumers, { cluster: { file: nodesFile, by: "balanced", self: "0" } });
  writeFileSync(nodesFile, '{"nodes": 1}');
  await using pm = new PmProcess(text);
  expect(await started(pm)).toEqual(names.toSorted());
  writeFileSync(nodesFile, '{"nodes": 2}');
  pm.signal("SIGHUP");
  await pm.record("Configuration reloaded.");
  const gone = names.toSorted().filter((_, position) => position % 2 === 1);
  for (const consumer of gone) await pm.record("Consumer removed.", { consumer });
  expect(pm.recorded("Consumer removed.")).toHaveLength(3);
  expect(pm.stdout.all.filter((line) => line.includes(" runs as "))).toHaveLength(6);
  // A file that is wrong changes nothing.
  writeFileSync(nodesFile, '{"nodes": 0}');
  pm.signal("SIGHUP");
  await pm.record("Configuration rejected.");
  writeFileSync(nodesFile, '{"nodes": 1}');
  pm.signal("SIGHUP");
  for (const consumer of gone) await pidsOf(pm, consumer, 2);
});

test("the consumers of a program are shared too", async () => {
  const text = fromEnvironment(
    farmFile({}, { source: feedSource, cluster: { nodes: ["a", "b"], self: "NODE", by: "balanced" } }),
  );
  await using a = new PmProcess(text, { env: { NODE: "a" } });
  await using b = new PmProcess(text, { env: { NODE: "b" } });
  for (const pm of [a, b]) feed(pm, { p: telling(), q: telling() });
  await pidsOf(a, "p", 1);
  await pidsOf(b, "q", 1);
  for (const pm of [a, b]) feed(pm, { n: telling(), p: telling(), q: telling() });
  await pidsOf(a, "n", 1); // first in the alphabet: the two others change places
  await pidsOf(a, "q", 1);
  await pidsOf(b, "p", 1);
});

test("a node that is none of the cluster does not start", () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "pm.yaml");
  writeFileSync(file, farmFile(consumers, { cluster: { nodes: ["a", "b"], self: "c" } }));
  const { exitCode, stderr } = Bun.spawnSync([pmBinary, "serve", file]);
  expect(exitCode).toBe(78);
  expect(stderr.toString()).toContain('cluster.self: "c" is none of the nodes (a, b); correct one of the two');
});
