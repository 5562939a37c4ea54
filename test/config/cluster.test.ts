import { describe, expect, test } from "bun:test";
import type { ClusterSpec } from "../../src/core/farm/spec.ts";
import { issuesOf, parse } from "./source.ts";

const consumers = "\nconsumers: {a: {command: [x]}}";

function cluster(text: string, given: Parameters<typeof parse>[1] = {}): ClusterSpec | null {
  const result = parse(`cluster: ${text}${consumers}`, given);
  if (!result.ok) throw new Error(issuesOf(result).join("\n"));
  return result.spec.cluster;
}

const three = { nodes: ["0", "1", "2"], self: "1", by: "rendezvous", share: "consumers" } as const;

describe("cluster", () => {
  test.each<[string, Partial<ClusterSpec>]>([
    ["{nodes: 3, self: 1}", {}],
    ["{nodes: '3', self: '1'}", {}],
    ["{nodes: [0, 1, 2], self: 1}", {}],
    ["{nodes: '0, 1,2', self: 1}", {}],
    ["{nodes: [a, b.example.org], self: a}", { nodes: ["a", "b.example.org"], self: "a" }],
    ["{nodes: a, self: a}", { nodes: ["a"], self: "a" }],
    ["{nodes: 3, self: 1, by: modulo, share: workers}", { by: "modulo", share: "workers" }],
    ["{nodes: '${N}', self: '${I}'}", {}],
    ["{nodes: '${NAMES}', self: '${NAME}'}", { nodes: ["a", "b"], self: "b" }],
    [
      "{nodes: '${PHP_LRPM_NUMBER_OF_INSTANCES:-1}', self: '${PHP_LRPM_INSTANCE_NUMBER:-0}'}",
      { nodes: ["0"], self: "0" },
    ],
  ])("%s", (text, changes) => {
    const env = { N: "3", I: "1", NAMES: "a, b", NAME: "b" };
    expect(cluster(text, { env })).toEqual({ ...three, ...changes });
  });

  test("is none without the key, or when it is null", () => {
    expect(parse(consumers)).toMatchObject({ spec: { cluster: null } });
    expect(cluster("null")).toBeNull();
  });

  test.each([
    ["{}", ["nodes: is missing; name the nodes", "self: is missing; say which"]],
    ["{nodes: 3}", ["self: is missing"]],
    ["{nodes: 3, self: 3}", ['self: "3" is none of the nodes (0, 1, 2); correct one of the two']],
    ["{nodes: 100, self: x}", ['self: "x" is none of the nodes (0, 1, 2 … 99)']],
    ["{nodes: [a, b], self: c}", ['self: "c" is none of the nodes (a, b)']],
    ["{nodes: 0, self: 0}", ["nodes: must be names of nodes, or a number of them from 1 to 10000, found 0"]],
    ["{nodes: '0', self: 0}", ["nodes: must be names of nodes, or a number of them from 1 to 10000"]],
    ["{nodes: -1, self: 0}", ["nodes: must be names of nodes, or a number"]],
    ["{nodes: 2.5, self: 0}", ["nodes: must be names of nodes, or a number"]],
    ["{nodes: [], self: 0}", ["nodes: must not be empty"]],
    ["{nodes: [a, a], self: a}", ["nodes[1]: is there already as item 1"]],
    ["{nodes: 'a, b, a', self: a}", ["nodes: names a twice; name each node once"]],
    ["{nodes: 'a,,b', self: a}", ["nodes[1]: the name of a node is not empty"]],
    ["{nodes: [a b], self: a b}", ["nodes[0]: the name of a node", "self: the name of a node"]],
    ["{nodes: {a: 1}, self: a}", ["nodes: must be names of nodes such as [a, b], or their number, found a mapping"]],
    ["{nodes: 3, self: 1, by: hash}", ["by: must be one of rendezvous, modulo, balanced"]],
    ["{nodes: 3, self: 1, node: 1}", ["node: unknown key, did you mean nodes?"]],
    ["{file: gone.json}", ['file: the cluster file "gone.json" cannot be read']],
  ])("%s is refused", (text, errors) => {
    const issues = issuesOf(parse(`cluster: ${text}${consumers}`)).map((issue) =>
      issue.replace(/^\d+:\d+: cluster\.?/u, ""),
    );
    expect(issues).toEqual(errors.map((error) => expect.stringContaining(error)));
  });

  test("a name from the environment is not shown", () => {
    const env = { SELF: "hunter2" };
    expect(issuesOf(parse(`cluster: {nodes: 3, self: "\${SELF}"}${consumers}`, { env })).join()).not.toContain(
      "hunter2",
    );
  });
});

/** The cluster that a file describes, beside further keys of pm.yaml. */
const from = (text: string, keys = ""): ClusterSpec | null =>
  cluster(`{file: sub/nodes.json${keys}}`, { files: { "/srv/app/sub/nodes.json": text }, env: { SELF: "1" } });

describe("a cluster file", () => {
  test.each([
    ["nodes and self", '{"nodes": 3, "self": 1}', ""],
    ["YAML", "nodes: [0, 1, 2]\nself: 1\n", ""],
    ["values of the environment", '{"nodes": 3, "self": "${SELF}"}', ""],
    ["the names of php-lrpm-cluster", '{"numberOfInstances": 3, "instanceNumber": 1}', ""],
    ["less than what pm.yaml says", '{"nodes": 3, "self": 0}', ", self: 1"],
    ["the nodes alone", '{"nodes": 3}', ", self: 1"],
  ])("may hold %s", (_, text, keys) => {
    expect(from(text, keys)).toEqual(three);
  });

  test.each([
    ["", "the file is empty; write {nodes: …, self: …}"],
    ["[]", "the file must be a mapping of keys"],
    ['{"nodes": 3}', "self: is missing; say which of the nodes this one is, here or in sub/nodes.json"],
    ['{"nodes": 3, "self": 5}', '"5" is none of the nodes (0, 1, 2)'],
    ['{"numberOfInstances": 0, "instanceNumber": 0}', "numberOfInstances: must be a whole number from 1 to 10000"],
    ['{"instances": 3}', "instances: unknown key"],
  ])("that is wrong is told: %s", (text, error) => {
    expect(() => from(text)).toThrow(error);
  });

  test("that is wrong is told with its own name and line", () => {
    const result = parse(`cluster: {file: nodes.yaml}${consumers}`, {
      file: "conf/pm.yaml",
      files: { "/home/me/conf/nodes.yaml": "nodes: 3\nself: [1]\n" },
    });
    expect(result.ok ? [] : result.issues.map(({ file, line, path }) => [file, line, path])).toEqual([
      ["conf/nodes.yaml", 2, "self"],
    ]);
  });
});

const capped = (self: number): string =>
  `total_cap: 4\ncluster: {nodes: 2, self: ${self}, by: balanced}\nconsumers: {a: {command: x, processes: 4}, b: {command: x, processes: 5}}`;

test("total_cap is for one node: the minimums of its own share count", () => {
  expect(parse(capped(0)).ok).toBe(true);
  expect(issuesOf(parse(capped(1))).join()).toContain(
    "total_cap 4 is less than the sum of the minimums, 5 (b processes=5)",
  );
});

describe("source", () => {
  test("is a program with its times, run where the workers run by default", () => {
    const result = parse("source: {command: php entries.php, mode: push, interval: 1m, timeout: 5}");
    expect(result.ok && result.spec.source).toEqual({
      command: ["php", "entries.php"],
      mode: "push",
      intervalMs: 60_000,
      timeoutMs: 5000,
      cwd: "/home/me",
    });
    expect(parse("source: {command: x}")).toMatchObject({
      spec: { consumers: [], source: { mode: "poll", intervalMs: 30_000, timeoutMs: 60_000 } },
    });
  });

  test.each(["", "\nconsumers: {}", "\nconsumers:", "\nconsumers: {a: {command: x}}"])(
    "may stand beside consumers or alone: %j",
    (rest) => {
      expect(parse(`source: {command: x}${rest}`).ok).toBe(true);
    },
  );

  test.each([
    ["{}", "command: is missing; add it"],
    ["{command: x | y}", "command: | needs a shell"],
    ["{command: x, mode: pull}", 'mode: must be one of poll, push, found "pull"; did you mean poll?'],
    ["{command: x, interval: 0}", "interval: must be a duration of 1s or more"],
    ["{command: x, timeout: 0}", "timeout: must be a duration of 100ms or more"],
    ["{comand: x}", "comand: unknown key, did you mean command?"],
    ["x", "must be a mapping with keys such as command"],
  ])("%s is refused", (text, error) => {
    expect(issuesOf(parse(`source: ${text}${consumers}`)).join("\n")).toContain(error);
  });
});
