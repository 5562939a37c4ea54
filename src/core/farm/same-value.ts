/** Whether two plain values have the same content; the order of members means nothing. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [members, others] = [Object.entries(a), Object.entries(b)];
  return (
    members.length === others.length &&
    members.every(([name, value], at) => {
      // Nearly always they stand in the same order.
      const other = others[at]?.[0] === name ? others[at] : others.find(([each]) => each === name);
      return other !== undefined && sameValue(value, other[1]);
    })
  );
}
