import { list, object, orNull } from "./collections.ts";
import { key, optionalKey, type Kind, type Values } from "./kind.ts";
import { asNumber, inRange, integer, notEmpty, oneOf, orFilledIn, text } from "./scalars.ts";

/** More would be a slip of the keyboard. */
const count = { min: 1, max: 10_000 };

const nodeName = text({
  expected: "the name or number of a node",
  problem: (value) =>
    value === "" || /[\s\p{Cc},]/u.test(value)
      ? "the name of a node is not empty and holds no blank, control character or comma; write a host name, or a number from 0"
      : null,
});
const nodeNames = list(nodeName, { of: "nodes", atLeastOne: true, unique: true });

/** Names in a list or with commas between them, or how many there are: then they are called 0, 1, 2 … */
const nodes: Kind<readonly string[]> = {
  read(value, path, findings) {
    if (Array.isArray(value)) return nodeNames.read(value, path, findings);
    const number = asNumber(
      typeof value === "string" && /^\s*\d+\s*$/u.test(value) ? Number(value) : value,
      path,
      findings,
    );
    if (number !== null) {
      if (Number.isSafeInteger(number) && inRange(number, count)) return numbered(number);
      return findings.mismatch(path, value, `names of nodes, or a number of them from ${count.min} to ${count.max}`);
    }
    if (typeof value !== "string")
      return findings.mismatch(path, value, "names of nodes such as [a, b], or their number");
    const names = value.split(",").map((name) => name.trim());
    const repeated = names.find((name, at) => names.indexOf(name) < at);
    if (repeated === undefined) return nodeNames.read(names, path, findings);
    return findings.error(path, `names ${findings.show(path, repeated)} twice; name each node once`);
  },
  write: (value) => nodeNames.write(value),
  get schema() {
    return orFilledIn({ anyOf: [nodeNames.schema, { type: "integer", minimum: 1 }, { type: "string", minLength: 1 }] });
  },
};

/** The nodes that a number stands for: 0, 1, 2 … */
export function numbered(total: number): string[] {
  return Array.from({ length: total }, (_, at) => String(at));
}

const nodeKeys = {
  nodes: optionalKey(
    orNull(nodes),
    "The names of all nodes, or how many there are: then they are called 0, 1, 2 and so on.",
  ),
  self: optionalKey(orNull(nodeName), "Which of them this one is."),
};

/** `cluster`: which share of the farm this node runs. */
export const clusterKeys = {
  ...nodeKeys,
  by: key(
    oneOf(["rendezvous", "modulo", "balanced"]),
    "rendezvous",
    "rendezvous moves only the share of a node that comes or goes; modulo goes by a hash; balanced is exactly even.",
  ),
  share: key(
    oneOf(["consumers", "workers"]),
    "consumers",
    "What is shared out: each consumer as a whole, or the workers of each.",
  ),
  file: optionalKey(
    orNull(text({ expected: "a path", problem: notEmpty })),
    "JSON or YAML with nodes and self, relative to this file; what stands here wins.",
  ),
};

/** `cluster` in the names of the file. */
export type ClusterValues = Values<typeof clusterKeys>;

/** The whole of a cluster file. The file of php-lrpm-cluster has two names of its own. */
export const clusterFileKind = object({
  ...nodeKeys,
  numberOfInstances: optionalKey(orNull(integer(count)), "nodes, in the words of php-lrpm-cluster."),
  instanceNumber: optionalKey(orNull(integer({ min: 0 })), "self, in the words of php-lrpm-cluster."),
});
