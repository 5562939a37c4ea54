/** Whether two plain values have the same content; the order of members means nothing. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const others = new Map(Object.entries(b));
  const members = Object.entries(a);
  return (
    members.length === others.size &&
    members.every(([name, value]) => others.has(name) && sameValue(value, others.get(name)))
  );
}
