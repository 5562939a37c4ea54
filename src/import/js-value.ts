/** A value of a JavaScript literal with its line. Texts may hold the marks of `marks.ts`. */
export type JsValue =
  | { readonly kind: "text"; readonly line: number; readonly text: string }
  | { readonly kind: "number"; readonly line: number; readonly number: number }
  | { readonly kind: "flag"; readonly line: number; readonly flag: boolean }
  | { readonly kind: "nothing"; readonly line: number }
  | { readonly kind: "list"; readonly line: number; readonly items: readonly JsValue[] }
  | { readonly kind: "object"; readonly line: number; readonly entries: readonly JsEntry[] }
  /** An expression that only running the file could tell the value of. */
  | { readonly kind: "unreadable"; readonly line: number; readonly source: string };

/** A key of an object. What was unreadable as a whole, such as a spread, has the key `...`. */
export interface JsEntry {
  readonly key: string;
  readonly line: number;
  readonly value: JsValue;
}

/** The value of a key, the last of several; null when there is none. */
export function member(value: JsValue, key: string): JsValue | null {
  return value.kind === "object" ? (value.entries.findLast((entry) => entry.key === key)?.value ?? null) : null;
}

/** A scalar as text, or null. */
export function scalarText(value: JsValue | null): string | null {
  switch (value?.kind) {
    case "text":
      return value.text;
    case "number":
      return String(value.number);
    case "flag":
      return String(value.flag);
    default:
      return null;
  }
}
