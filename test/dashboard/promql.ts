/** Functions apart, words that may stand in PromQL without being the name of a metric. */
const words = new Set("and or unless bool offset by without on ignoring group_left group_right inf nan".split(" "));

/** A selector of a query: the metric and the labels its matchers name. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** The selectors in a query. Knows as much of PromQL as the queries of pm use. */
export function selectorsIn(query: string): Selector[] {
  const bare = query
    .replaceAll(/"(?:[^"\\]|\\.)*"/gu, '""')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gu, " ")
    .replaceAll(/\[[^\]]*\]|\boffset\s+\w+/gu, " ");
  return [...bare.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?(?!\s*\(|[\w:])/gu)].flatMap(
    ([, metric = "", matchers = ""]) =>
      words.has(metric.toLowerCase())
        ? []
        : [{ metric, labels: [...matchers.matchAll(/(\w+)\s*[=!]/gu)].map(([, label]) => label ?? "") }],
  );
}
