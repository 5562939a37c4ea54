import type { Findings } from "./findings.ts";
import type { Path } from "./issue.ts";

/** A JSON Schema, draft-07. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a value of pm.yaml may be: how it is read, written and described to editors. All three live together, so none drifts. */
export interface Kind<T> {
  /** The value, or undefined after telling `findings` what is wrong with it. */
  read(value: unknown, path: Path, findings: Findings): T | undefined;
  /** The same value as pm.yaml would hold it; `read` accepts it. */
  write(value: T): unknown;
  /** Made when it is asked for, where it is made of others: only `pm schema` does. */
  readonly schema: JsonSchema;
  /** The keys of a mapping, at whatever depth this kind wraps it. */
  readonly keys?: Keys;
}

/** One key of a mapping. */
export interface Key<T> {
  readonly kind: Kind<T>;
  /** What holds when the key is absent, or (for a required one) stands in after the error. */
  readonly fallback: T;
  /** For editors: what it means, in one line. */
  readonly about: string;
  readonly required: boolean;
  /** Absent means something else than a default: not written by `pm config` when null. */
  readonly optional: boolean;
}

export type Keys = Readonly<Record<string, Key<unknown>>>;

/** The values of a mapping with these keys, defaults filled in. */
export type Values<K extends Keys> = { readonly [N in keyof K]: K[N] extends Key<infer T> ? T : never };

/** A key with a default. */
export function key<T>(kind: Kind<T>, fallback: NoInfer<T>, about: string): Key<T> {
  return { kind, fallback, about, required: false, optional: false };
}

/** A key that must be there; `standIn` only lets the other checks go on when it is not. */
export function requiredKey<T>(kind: Kind<T>, standIn: NoInfer<T>, about: string): Key<T> {
  return { kind, fallback: standIn, about, required: true, optional: false };
}

/** A key that is null when absent, and then not shown by `pm config`. */
export function optionalKey<T>(kind: Kind<T | null>, about: string): Key<T | null> {
  return { kind, fallback: null, about, required: false, optional: true };
}
