/** The lowest slots that nobody has, ascending: so many of them. */
export function lowestFree(taken: Iterable<number>, count: number): readonly number[] {
  const used = new Set(taken);
  const free: number[] = [];
  for (let slot = 0; free.length < count; slot++) if (!used.has(slot)) free.push(slot);
  return free;
}
