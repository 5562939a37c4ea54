/** Numbers 0..below-1 that look random and are the same for the same seed (mulberry32). */
export type Random = (below: number) => number;

export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random(choices.length)]!;
}

// oxfmt-ignore
const SCALARS = [
  "null", "true", "false", "0", "-0", "7", "9007199254740993", "-12345678901234567890", "1e5", "1E+05", "2.50e-7", "-0.0",
  '""', '"x"', '"}]{["', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u0065xtra"', '"\\ud83d\\ude00"', '"\\uD800"',
  '"Zoë"', '"東京"', '"😀"', '"\u007f\u2028"', '"a rather longer text, more than a few words of it"',
];
const KEYS = [
  "",
  "a",
  "extra",
  "extras",
  "extr",
  "message",
  "worker_id",
  "consumer",
  "0",
  "1",
  "Zoë",
  "😀",
  'q"\\',
  "a\nb",
];
const SPACES = ["", "", "", "", " ", "  ", "\t", "\r", " \t\r "];

export function space(random: Random): string {
  return pick(random, SPACES);
}

/** A JSON string that spells `key`, with needless escapes at times. */
export function spell(random: Random, key: string): string {
  const plain = JSON.stringify(key);
  if (random(4) > 0) return plain;
  const units = Array.from({ length: key.length }, (_, index) => key.charCodeAt(index).toString(16).padStart(4, "0"));
  if (random(2) > 0) return `"${units.map((hex) => `\\u${hex}`).join("")}"`;
  const first = key.charCodeAt(0);
  return first >= 0x61 && first <= 0x7a ? `"\\u00${first.toString(16).toUpperCase()}${plain.slice(2)}` : plain;
}

/** Any JSON value as text. */
export function jsonValue(random: Random, depth = 0): string {
  const kind = random(depth > 4 ? 4 : 7);
  if (kind < 4) return pick(random, SCALARS);
  if (kind === 4) return list(random, depth);
  if (kind === 5 && random(20) === 0) return "[".repeat(70) + "]".repeat(70);
  const members = Array.from({ length: random(4) }, () =>
    jsonMember(random, pick(random, KEYS), jsonValue(random, depth + 1)),
  );
  return `{${members.length > 0 ? members.join(",") : space(random)}}`;
}

function list(random: Random, depth: number): string {
  const elements = Array.from(
    { length: random(4) },
    () => space(random) + jsonValue(random, depth + 1) + space(random),
  );
  return `[${elements.length > 0 ? elements.join(",") : space(random)}]`;
}

export function jsonMember(random: Random, key: string, value: string): string {
  return space(random) + spell(random, key) + space(random) + ":" + space(random) + value + space(random);
}

/** What a line must become when a tag adds `worker_id` and `consumer`, known by how the line was made. */
export interface Enriched {
  readonly input: string;
  readonly output: string;
}

const MINE: Readonly<Record<string, string>> = { worker_id: "7", consumer: '"async"' };
const MEMBERS = '"worker_id":7,"consumer":"async"';

/** A JSON object with at least one member, with and without `extra` of all kinds. */
export function jsonLine(random: Random): Enriched {
  const members: Enriched[] = [];
  for (let count = 1 + random(5); count > 0; count--) {
    const key = pick(random, KEYS);
    const before = space(random) + spell(random, key) + space(random) + ":" + space(random);
    const after = space(random);
    const value = key === "extra" ? extra(random) : unchanged(jsonValue(random, 1));
    members.push({ input: before + value.input + after, output: before + value.output + after });
  }
  const last = members.findLastIndex(({ input }) => JSON.parse(`{${input}}`).extra !== undefined);
  const texts = members.map(({ input, output }, index) => (index === last ? output : input));
  const end = members.at(-1)!.input.match(/[ \t\r]*$/)![0];
  const before = space(random);
  const after = space(random);
  if (last === -1)
    texts[texts.length - 1] = `${texts.at(-1)!.slice(0, texts.at(-1)!.length - end.length)},"extra":{${MEMBERS}}${end}`;
  return {
    input: `${before}{${members.map(({ input }) => input).join(",")}}${after}`,
    output: `${before}{${texts.join(",")}}${after.replace(/\r+$/, "")}`,
  };
}

function unchanged(text: string): Enriched {
  return { input: text, output: text };
}

function extra(random: Random): Enriched {
  const kind = random(6);
  if (kind === 0) return { input: pick(random, SCALARS), output: `{${MEMBERS}}` };
  if (kind === 1) return { input: pick(random, ["{}", "[]", "{ }", "[\t ]"]), output: `{${MEMBERS}}` };
  if (kind === 2) return extraList(random);
  return extraObject(random);
}

function extraList(random: Random): Enriched {
  const elements = Array.from({ length: 1 + random(12) }, (_, index) => {
    const [before, value, after] = [space(random), jsonValue(random, 2), space(random)];
    return { input: before + value + after, output: `${before}"${index}":${value}${after}` };
  });
  return {
    input: `[${elements.map(({ input }) => input).join(",")}]`,
    output: `{${elements.map(({ output }) => output).join(",")},${MEMBERS}}`,
  };
}

function extraObject(random: Random): Enriched {
  const missing = new Map(Object.entries(MINE));
  const end = space(random);
  const members = Array.from({ length: 1 + random(5) }, () => {
    const key = pick(random, KEYS);
    missing.delete(key);
    const before = space(random) + spell(random, key) + space(random) + ":" + space(random);
    const value = jsonValue(random, 2);
    return { input: before + value, output: before + (MINE[key] ?? value) };
  });
  const between = space(random) + ",";
  const added = Array.from(missing, ([key, value]) => `,"${key}":${value}`).join("");
  return {
    input: `{${members.map(({ input }) => input).join(between)}${end}}`,
    output: `{${members.map(({ output }) => output).join(between)}${added}${end}}`,
  };
}
