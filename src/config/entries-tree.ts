import type { Findings } from "./findings.ts";
import { parseJsonEntries } from "./entries-json.ts";
import { parseYamlEntries } from "./entries-yaml.ts";
import { maskText } from "./mask.ts";

/** One entry of a document that is not read yet. */
export interface EntryNode {
  readonly name: string;
  /** What is wrong with it before it is read, or null. */
  readonly problem: string | null;
  /** The entry as scalars, lists and `Map`s; undefined after telling `findings` why not. */
  read(findings: Findings): unknown;
}

/** A document by its outer form. */
export interface ParsedDocument {
  /** The keys at the top; null when it is no mapping. */
  readonly keys: readonly string[] | null;
  /** What stands under `consumers`; null when that is neither a mapping nor a list. */
  readonly entries: readonly EntryNode[] | null;
  /** In words, what stands where a mapping should. */
  readonly found: string;
}

/** The entries of a document in its order, or on one line why there are none. */
export type EntriesTree =
  | { readonly ok: true; readonly entries: readonly EntryNode[] }
  | { readonly ok: false; readonly error: string };

const maxLength = 16 * 1024 * 1024;
/** YAML takes a hundred times as long as JSON, and supervision waits meanwhile. */
const maxYamlLength = 128 * 1024;

const advice = 'print {"consumers": {…}}';

/** Parts a document into its entries. A list stands for ids from 0: so PHP writes an array with such ids, and an empty one. */
export function entriesTree(text: string): EntriesTree {
  if (text.length > maxLength) return failed("the document is longer than 16 MiB; print less");
  if (text.trim() === "") return failed(`the document is empty; ${advice}, with nothing inside for no consumers`);
  const json = parseJsonEntries(text);
  if (json === null && text.length > maxYamlLength) {
    return failed("the document is no valid JSON, and too long for YAML (128 KiB); print valid JSON");
  }
  const parsed = json ?? parseYamlEntries(text);
  if (typeof parsed === "string") return failed(`the document is neither JSON nor YAML: ${parsed}`);
  const { keys, entries, found } = parsed;
  if (keys === null) return failed(`the document must be a mapping with consumers, found ${found}; ${advice}`);
  const other = keys.find((key) => key !== "consumers");
  if (!keys.includes("consumers")) return failed(`the document has no consumers; ${advice}`);
  if (other !== undefined) return failed(`the document holds ${shown(other)} beside consumers; print consumers alone`);
  if (entries === null) return failed(`consumers must be a mapping of consumers, found ${found}; print {} for none`);
  return { ok: true, entries };
}

function failed(error: string): EntriesTree {
  return { ok: false, error };
}

function shown(key: string): string {
  return JSON.stringify(maskText(key.length > 60 ? `${key.slice(0, 59)}…` : key, new Set()));
}
