import { describe, expect, test } from "bun:test";
import { rankingOf } from "../../../src/core/cluster/ranking.ts";
import { ownersOf, shareOf } from "../../../src/core/cluster/share.ts";
import type { StrategySpec } from "../../../src/core/farm/scaling-spec.ts";
import type { ClusterSpec, ConsumerSpec, SizeSpec } from "../../../src/core/farm/spec.ts";
import { randomFrom } from "../../../src/core/simulation/random.ts";
import { consumerSpec, scalingSpec } from "../../support/specs.ts";

const rules = ["rendezvous", "modulo", "balanced"] as const;
const entries = 10_000;

/** Names that differ only in a digit, short numbers, and names with nothing in common. */
const random = randomFrom(1);
const hex = (digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
const names: Readonly<Record<string, readonly string[]>> = {
  "job-1 … job-10000": Array.from({ length: entries }, (_, at) => `job-${at + 1}`),
  "0 … 9999": Array.from({ length: entries }, (_, at) => String(at)),
  "random ids": Array.from({ length: entries }, () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`),
};
const clusters = [
  ["0", "1", "2"],
  ["0", "1", "2", "3"],
  ["node-1", "node-2", "node-3"],
  ["node-1", "node-2", "node-3", "node-4"],
  ["ams", "fra", "lon.example.org"],
];

const ownersBy = (by: ClusterSpec["by"], nodes: readonly string[], consumers: readonly string[]): string[] => {
  const ranking = rankingOf({ nodes, by }, consumers);
  return consumers.map((name) => ranking(name)[0]!);
};

const cases = rules.flatMap((by) =>
  Object.keys(names).flatMap((kind) => clusters.map((nodes) => [by, kind, nodes] as const)),
);

describe("10,000 consumers", () => {
  test.each(cases)("by %s, named %s, are shared evenly within 10 % by %j", (by, kind, nodes) => {
    const owners = ownersBy(by, nodes, names[kind]!);
    const even = entries / nodes.length;
    const counts = nodes.map((node) => owners.filter((owner) => owner === node).length);
    expect(Math.max(...counts.map((count) => Math.abs(count - even)))).toBeLessThan(by === "balanced" ? 1 : even / 10);
  });

  test.each(cases)("by %s, named %s, have the same owners whatever the order of %j", (by, kind, nodes) => {
    expect(ownersBy(by, nodes.toReversed(), names[kind]!)).toEqual(ownersBy(by, nodes, names[kind]!));
  });

  test.each(Object.keys(names))(
    "by rendezvous, named %s, move only to a node that is new: about a quarter of them",
    (kind) => {
      const before = ownersBy("rendezvous", ["n0", "n1", "n2"], names[kind]!);
      const after = ownersBy("rendezvous", ["n3", "n0", "n1", "n2"], names[kind]!);
      const moved = after.filter((owner, at) => owner !== before[at]);
      expect(new Set(moved)).toEqual(new Set(["n3"]));
      expect(Math.abs(moved.length - entries / 4)).toBeLessThan(entries / 40);
    },
  );

  test("by rendezvous of a node that is gone are taken over by all the others", () => {
    const before = ownersBy("rendezvous", ["n0", "n1", "n2"], names["random ids"]!);
    const after = ownersBy("rendezvous", ["n0", "n2"], names["random ids"]!);
    const moved = after.filter((owner, at) => owner !== before[at]);
    expect(before.filter((owner) => owner === "n1")).toHaveLength(moved.length);
    const toFirst = moved.filter((owner) => owner === "n0").length / moved.length;
    expect(Math.abs(toFirst - 0.5)).toBeLessThan(0.05);
  });

  test("by modulo do not move when another consumer comes", () => {
    const nodes = ["n0", "n1", "n2"];
    expect(ownersBy("modulo", nodes, ["new", ...names["0 … 9999"]!]).slice(1)).toEqual(
      ownersBy("modulo", nodes, names["0 … 9999"]!),
    );
  });
});

test("1,000 jobs over 3 nodes, then 4: each share within 10 % of even, about a quarter moves", () => {
  const jobs = names["job-1 … job-10000"]!.slice(0, 1000);
  const three = ownersBy("rendezvous", ["0", "1", "2"], jobs);
  const four = ownersBy("rendezvous", ["0", "1", "2", "3"], jobs);
  for (const [owners, count] of [
    [three, 3],
    [four, 4],
  ] as const) {
    for (const node of new Set(owners)) {
      const off = owners.filter((owner) => owner === node).length / (1000 / count) - 1;
      expect(Math.abs(off)).toBeLessThan(0.1);
    }
  }
  expect(Math.abs(four.filter((owner, at) => owner !== three[at]).length - 250)).toBeLessThan(25);
});

const cluster = (changes: Partial<ClusterSpec> = {}): ClusterSpec => ({
  nodes: ["a", "b", "c"],
  self: "a",
  by: "rendezvous",
  share: "consumers",
  ...changes,
});
const farm = ["one", "two", "three", "four", "five", "six"].map((name) => consumerSpec({ name }));
const onAll = (consumers: readonly ConsumerSpec[], given: ClusterSpec): ConsumerSpec[] =>
  given.nodes.flatMap((self) => shareOf(consumers, { ...given, self }));

describe("shareOf", () => {
  test("is the whole farm without a cluster, and on the only node of one", () => {
    expect(shareOf(farm, null)).toEqual(farm);
    for (const share of ["consumers", "workers"] as const) {
      expect(shareOf(farm, cluster({ nodes: ["x"], self: "x", share }))).toEqual(farm);
    }
  });

  test.each(rules)("gives each consumer to one node, by %s, as ownersOf says", (by) => {
    const given = cluster({ by });
    const shared = onAll(farm, given).map(({ name }) => name);
    expect(shared.toSorted()).toEqual(farm.map(({ name }) => name).toSorted());
    for (const { consumer, node } of ownersOf(farm, given)) {
      expect(shareOf(farm, { ...given, self: node! }).map(({ name }) => name)).toContain(consumer);
    }
  });

  test("keeps the order of the farm", () => {
    const order = farm.map(({ name }) => name);
    const mine = shareOf(farm, cluster({ by: "balanced" })).map(({ name }) => name);
    expect(mine).toEqual(order.filter((name) => mine.includes(name)));
    expect(mine).toHaveLength(2);
  });
});

const pool = (min: number, max: number, strategy: StrategySpec): SizeSpec => ({
  kind: "autoscaled",
  min,
  max,
  scaling: scalingSpec({ strategy }),
});
const utilization: StrategySpec = { type: "utilization", target: 0.7, scaleUpThreshold: 0.7, scaleDownThreshold: 0.35 };
const queue: StrategySpec = {
  type: "queue",
  queues: [],
  perWorker: 10,
  maxWaitMs: null,
  timeoutMs: 1000,
  onFailure: { kind: "size", workers: 4 },
};

const shared = (size: SizeSpec, by: ClusterSpec["by"] = "rendezvous"): ConsumerSpec[] =>
  onAll([consumerSpec({ name: "x", size })], cluster({ by, share: "workers" }));
const bounds = (size: SizeSpec): number[] => (size.kind === "static" ? [size.processes] : [size.min, size.max]);

describe("with share: workers", () => {
  test.each([
    [1, [1]],
    [2, [1, 1]],
    [3, [1, 1, 1]],
    [7, [3, 2, 2]],
    [300, [100, 100, 100]],
  ])("%d workers are divided as %j", (processes, parts) => {
    for (const by of rules) {
      const sizes = shared({ kind: "static", processes }, by).map(({ size }) => bounds(size)[0]!);
      expect(sizes.toSorted((a, b) => b - a)).toEqual(parts);
    }
  });

  test.each([
    // What can see work without workers may sleep on some nodes; what cannot has a worker wherever it is.
    [
      "utilization",
      3,
      10,
      utilization,
      [
        [1, 4],
        [1, 3],
        [1, 3],
      ],
    ],
    [
      "utilization",
      2,
      9,
      utilization,
      [
        [1, 5],
        [1, 4],
      ],
    ],
    ["utilization", 1, 10, utilization, [[1, 10]]],
    [
      "a queue",
      1,
      10,
      queue,
      [
        [1, 4],
        [0, 3],
        [0, 3],
      ],
    ],
    [
      "a queue",
      0,
      2,
      queue,
      [
        [0, 1],
        [0, 1],
      ],
    ],
    [
      "a queue",
      5,
      5,
      queue,
      [
        [2, 2],
        [2, 2],
        [1, 1],
      ],
    ],
  ] as const)("the bounds of a pool sized by %s, %d to %d, are divided and add up", (_, min, max, strategy, parts) => {
    const found = shared(pool(min, max, strategy)).map(({ size }) => bounds(size));
    const sorted = found.toSorted((a, b) => b[0]! - a[0]! || b[1]! - a[1]!);
    expect<readonly (readonly number[])[]>(sorted).toEqual(parts);
    expect(sorted.reduce((sum, each) => sum + each[1]!, 0)).toBe(max);
  });

  test("what is left over goes to another node for another consumer", () => {
    const single = Array.from({ length: 3000 }, (_, at) => consumerSpec({ name: `c${at}` }));
    const given = cluster({ share: "workers" });
    const counts = given.nodes.map((self) => shareOf(single, { ...given, self }).length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3000);
    expect(Math.max(...counts.map((count) => Math.abs(count - 1000)))).toBeLessThan(100);
  });

  test("what a strategy says in workers is divided too", () => {
    const schedule: StrategySpec = {
      type: "schedule",
      timeZone: "UTC",
      rules: [{ cron: "* * * * *", min: 6, max: null }],
    };
    const size = pool(0, 12, { type: "max", of: [queue, schedule] });
    for (const { size: part } of shared(size)) {
      expect(part).toMatchObject({
        min: 0,
        max: 4,
        scaling: { strategy: { of: [{ perWorker: 30 }, { rules: [{ min: 2, max: null }] }] } },
      });
    }
  });

  test("what waits in each node itself is not divided", () => {
    const size = pool(0, 12, { ...queue, queues: [{ kind: "tasks" }] });
    const parts = shared(size).map((part) => part.size);
    expect(parts).toHaveLength(3);
    for (const part of parts) expect(part).toMatchObject({ max: 4, scaling: { strategy: { perWorker: 10 } } });
  });

  test("a consumer whose work is done by a server that is there already has one node", () => {
    expect(shared({ kind: "static", processes: 0 }).map(({ size }) => bounds(size))).toEqual([[0]]);
  });

  test("ownersOf tells how many each node has at most", () => {
    const given = cluster({ share: "workers" });
    const [owner] = ownersOf([consumerSpec({ name: "x", size: pool(1, 2, queue) })], given);
    expect(owner?.node).toBeNull();
    expect(Object.values(owner?.workers ?? {})).toEqual([1, 1]);
    for (const [self, most] of Object.entries(owner?.workers ?? {})) {
      expect(
        shareOf([consumerSpec({ name: "x", size: pool(1, 2, queue) })], { ...given, self })[0]?.size,
      ).toMatchObject({ max: most });
    }
  });
});
