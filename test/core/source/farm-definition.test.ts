import { expect, test } from "bun:test";
import { defineFarm } from "../../../src/core/source/farm-definition.ts";
import { consumerSpec, farmSpec } from "../../support/specs.ts";

const named = (name: string) => consumerSpec({ name });
const fromProgram = (name: string) => consumerSpec({ name, origin: "source" });
const names = (consumers: readonly { readonly name: string }[]): readonly string[] => consumers.map(({ name }) => name);

test("without a document, what the program has said before goes on beside the file", () => {
  const previous = new Map([["job", fromProgram("job")]]);
  const { spec, accepted } = defineFarm(farmSpec([named("a")]), previous, null);
  expect([names(spec.consumers), [...accepted.keys()]]).toEqual([["a", "job"], ["job"]]);
});

test("a name that the file has taken over is the file's", () => {
  const previous = new Map([["job", fromProgram("job")]]);
  const { spec, accepted } = defineFarm(farmSpec([named("job")]), previous, null);
  expect(spec.consumers).toEqual([named("job")]);
  expect([...accepted.keys()]).toEqual([]);
});

test("a document takes the place of the one before", () => {
  const previous = new Map([["old", fromProgram("old")]]);
  const document = { good: [fromProgram("new")], rejected: [] };
  const { spec } = defineFarm(farmSpec([named("a")]), previous, document);
  expect(names(spec.consumers)).toEqual(["a", "new"]);
});

test("of a cluster, this node runs its share, and knows of all", () => {
  const cluster = { nodes: ["n1", "n2"], self: "n1", by: "balanced", share: "consumers" } as const;
  const { spec, consumers } = defineFarm(farmSpec([named("a"), named("b")], { cluster }), new Map(), null);
  expect([names(spec.consumers), names(consumers)]).toEqual([["a"], ["a", "b"]]);
});
