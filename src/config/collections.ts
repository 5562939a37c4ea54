import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";
import type { JsonSchema, Key, Keys, Kind, Values } from "./kind.ts";
import { nearest } from "./suggest.ts";

export interface ListRules {
  /** What one item is called in messages, in the plural. */
  readonly of: string;
  readonly atLeastOne?: boolean;
  readonly unique?: boolean;
  /** What is no list stands for a list of one. */
  readonly orSingle?: boolean;
}

/** A list; what is wrong with one item is told at that item. */
export function list<T>(
  item: Kind<T>,
  { of, atLeastOne = false, unique = false, orSingle = false }: ListRules,
): Kind<readonly T[]> {
  return {
    read(value, path, findings) {
      if (!Array.isArray(value)) {
        if (!orSingle || value === null)
          return findings.mismatch(path, value, `a list of ${of}`, value === null ? undefined : "put it in [ ]");
        const single = item.read(value, path, findings);
        return single === undefined ? undefined : [single];
      }
      if (atLeastOne && value.length === 0)
        return findings.error(path, `must not be empty; name at least one of the ${of}`);
      const items = value.map((each: unknown, index) =>
        each === undefined ? undefined : item.read(each, [...path, index], findings),
      );
      items.forEach((each, index) => {
        const first = items.indexOf(each);
        if (unique && each !== undefined && first < index)
          findings.error([...path, index], `is there already as item ${first + 1}; remove one of the two`);
      });
      const read = items.filter((each) => each !== undefined);
      return read.length === items.length ? read : undefined;
    },
    write: (value) => value.map((each) => item.write(each)),
    get schema() {
      const schema: JsonSchema = { type: "array", items: item.schema, ...(atLeastOne ? { minItems: 1 } : {}) };
      return orSingle ? { anyOf: [item.schema, schema] } : schema;
    },
  };
}

export interface MapRules {
  /** What the names stand for, in the plural. */
  readonly of: string;
  readonly atLeastOne?: boolean;
  /** What is wrong with a name and what to do, or null. */
  readonly problemOfName?: (name: string) => string | null;
}

/** A mapping with names of the user's own. */
export function map<T>(
  item: Kind<T>,
  { of, atLeastOne = false, problemOfName }: MapRules,
): Kind<ReadonlyMap<string, T>> {
  return {
    read(value, path, findings) {
      if (value === null && !atLeastOne) return new Map();
      const entries = value ?? new Map<string, unknown>();
      if (!(entries instanceof Map)) return findings.mismatch(path, value, `a mapping of ${of}`);
      if (atLeastOne && entries.size === 0) return findings.error(path, `must hold at least one of the ${of}; add one`);
      const result = new Map<string, T>();
      for (const [name, each] of entries) {
        const wrong = problemOfName?.(name) ?? null;
        if (wrong !== null) findings.error([...path, name], wrong, "key");
        const read = each === undefined ? undefined : item.read(each, [...path, name], findings);
        if (read !== undefined) result.set(name, read);
      }
      return result;
    },
    write: (value) => Object.fromEntries([...value].map(([name, each]) => [name, item.write(each)])),
    get schema() {
      return {
        type: atLeastOne ? "object" : ["object", "null"],
        additionalProperties: item.schema,
        ...(atLeastOne ? { minProperties: 1 } : {}),
      };
    },
    ...(item.keys === undefined ? {} : { keys: item.keys }),
  };
}

/** A value for every key of a mapping. */
function valuesOf<K extends Keys>(keys: K, valueOf: (key: Key<unknown>, name: string) => unknown): Values<K> {
  // Every key of K is visited and read by its own kind, which the type checker cannot follow.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(Object.entries(keys).map(([name, each]) => [name, valueOf(each, name)])) as Values<K>;
}

/** What a mapping holds when it is absent. */
export function defaultsOf<K extends Keys>(keys: K): Values<K> {
  return valuesOf(keys, ({ fallback }) => fallback);
}

/** A key that holds a mapping of which every key has a default. */
export function sectionKey<K extends Keys>(keys: K, about: string, elsewhere?: Elsewhere): Key<Values<K>> {
  return { kind: object(keys, elsewhere), fallback: defaultsOf(keys), about, required: false, optional: false };
}

/** Keys that people look for here, and where they belong. */
export type Elsewhere = Readonly<Record<string, string>>;

/** A mapping with known keys; absent ones get their defaults, unknown ones are errors with a suggestion. */
export function object<K extends Keys>(keys: K, elsewhere: Elsewhere = {}): Kind<Values<K>> {
  const entries = Object.entries(keys);
  return {
    read(value, path, findings) {
      const given = value ?? new Map<string, unknown>();
      if (!(given instanceof Map))
        return findings.mismatch(path, value, `a mapping with keys such as ${entries[0]?.[0]}`);
      for (const name of given.keys()) {
        if (!Object.hasOwn(keys, name)) findings.error([...path, name], unknownKey(name, keys, elsewhere), "key");
      }
      return valuesOf(keys, (each, name) => readKey(each, name, given, path, findings));
    },
    write(value) {
      const values = new Map<string, unknown>(Object.entries(value));
      const shown = entries.filter(([name, { optional }]) => !(optional && values.get(name) === null));
      return Object.fromEntries(shown.map(([name, { kind }]) => [name, kind.write(values.get(name))]));
    },
    get schema() {
      return objectSchema(entries);
    },
    keys,
  };
}

function readKey(
  { kind, fallback, required }: Key<unknown>,
  name: string,
  given: ReadonlyMap<string, unknown>,
  path: Path,
  findings: Findings,
): unknown {
  if (!given.has(name)) {
    if (required) findings.error([...path, name], "is missing; add it", "key");
    return fallback;
  }
  const value = given.get(name);
  const read = value === undefined ? undefined : kind.read(value, [...path, name], findings);
  return read === undefined ? fallback : read;
}

/** Whether naming the key is always an error; editors need not offer it. */
const isForLater = ({ kind }: Key<unknown>): boolean => kind.schema["not"] !== undefined;

/** More keys than this do not help in a message. */
const longestList = 12;

function unknownKey(name: string, keys: Keys, elsewhere: Elsewhere): string {
  const below = Object.entries(keys).find(
    ([, { kind }]) => kind.keys !== undefined && Object.hasOwn(kind.keys, name),
  )?.[0];
  const home = Object.hasOwn(elsewhere, name) ? elsewhere[name] : below;
  if (home !== undefined) return `unknown key here; it belongs under ${home}`;
  const near = nearest(name, Object.keys(keys));
  if (near !== null) return `unknown key, did you mean ${near}?`;
  const known = Object.keys(keys).filter((each) => !isForLater(keys[each]!));
  const advice =
    known.length > longestList ? "`pm schema` lists the known ones" : `the known ones are ${known.join(", ")}`;
  return `unknown key; remove it (${advice})`;
}

function objectSchema(entries: readonly (readonly [string, Key<unknown>])[]): JsonSchema {
  const known = entries.filter(([, each]) => !isForLater(each));
  const properties = Object.fromEntries(
    known.map(([name, { kind, fallback, about, required }]) => {
      const standard = required || fallback === null || kind.keys !== undefined ? undefined : kind.write(fallback);
      return [name, { description: about, ...kind.schema, ...(standard === undefined ? {} : { default: standard }) }];
    }),
  );
  const required = entries.filter(([, each]) => each.required).map(([name]) => name);
  return {
    type: required.length > 0 ? "object" : ["object", "null"],
    properties,
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
  };
}

/** `kind`, or null. */
export function orNull<T>(kind: Kind<T>): Kind<T | null> {
  return {
    read: (value, path, findings) => (value === null ? null : kind.read(value, path, findings)),
    write: (value) => (value === null ? null : kind.write(value)),
    get schema() {
      return { anyOf: [kind.schema, { type: "null" }] };
    },
    ...(kind.keys === undefined ? {} : { keys: kind.keys }),
  };
}

/** `kind`, or `false` to turn it off, which is read as null. */
export function orFalse<T>(kind: Kind<T>): Kind<T | null> {
  return {
    read(value, path, findings) {
      if (value === false || (value === "false" && findings.place(path)?.fluid === true)) return null;
      if (typeof value === "string" && /^(no|off|none)$/iu.test(value) && !findings.hidden(path)) {
        return findings.mismatch(path, value, "a mapping or false", "write false");
      }
      return kind.read(value, path, findings);
    },
    write: (value) => (value === null ? false : kind.write(value)),
    get schema() {
      return { anyOf: [kind.schema, { const: false }] };
    },
    ...(kind.keys === undefined ? {} : { keys: kind.keys }),
  };
}
