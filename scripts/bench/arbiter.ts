/**
 * What it costs to divide the workers of a farm among its consumers, all of which want more than there are:
 *
 *     bun scripts/bench/arbiter.ts
 */
import { arbitrate, type Claim } from "../../src/core/scaling/arbiter.ts";
import { bestNs } from "./rounds.ts";
import { markdownTable, shownNumber } from "./table.ts";

const sizes = [1, 10, 100, 1000];

/** Three priorities, sizes that leave odd workers. */
function claims(count: number): readonly Claim[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `consumer-${at}`,
    priority: at % 3,
    min: 1,
    max: 50,
    desired: 2 + ((at * 7) % 40),
    current: 1 + (at % 5),
  }));
}

const ways = Object.fromEntries(
  sizes.map((size) => {
    const all = claims(size);
    return [String(size), () => arbitrate(all, size * 8)];
  }),
);
const rows = [...(await bestNs(ways))].map(([size, ns]) => [
  size,
  shownNumber(ns / 1000, 1),
  shownNumber(ns / Number(size)),
]);
console.log(markdownTable(["consumers", "µs a decision", "ns a consumer"], rows));
