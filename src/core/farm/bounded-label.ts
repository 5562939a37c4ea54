/** Stands for every value there is no room for. */
export const otherLabel = "other";

/**
 * Makes label values out of text that workers send. `known` values always keep their own; of the rest the first `limit` do,
 * and all later ones become `other`, so that a worker which invents values cannot fill memory or the page of metrics.
 * Lone surrogates become U+FFFD: the page is UTF-8, and two values that look the same there would make it invalid.
 */
export function boundLabel(limit: number, known: Iterable<string> = []): (text: string) => string {
  const seen = new Set(Array.from(known, (text) => text.toWellFormed()));
  const most = seen.size + limit;
  return (text) => {
    if (seen.has(text)) return text; // only well-formed text is let in
    const label = text.toWellFormed();
    if (seen.size < most) seen.add(label);
    return seen.has(label) ? label : otherLabel;
  };
}
