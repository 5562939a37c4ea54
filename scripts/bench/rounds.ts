/**
 * The best nanoseconds a call of each way. Ways take turns in rounds of some milliseconds, and the best round counts, since a neighbour
 * on the machine can only slow one down.
 */
export async function bestNs(
  ways: Readonly<Record<string, () => unknown>>,
  { rounds = 60, roundNs = 4_000_000 } = {},
): Promise<ReadonlyMap<string, number>> {
  const best = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const startedNs = Bun.nanoseconds();
      let calls = 0;
      for (; calls === 0 || Bun.nanoseconds() - startedNs < roundNs; calls++) {
        const result = way();
        if (result instanceof Promise) await result;
      }
      best.set(name, Math.min((Bun.nanoseconds() - startedNs) / calls, best.get(name) ?? Infinity));
    }
  }
  return best;
}
