import { maskText } from "./mask.ts";
import { formatPath, type ConfigIssue, type Path } from "./issue.ts";

/** A place in the file, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a value stands and how it is written there. */
export interface Place {
  readonly key: Position;
  readonly value: Position;
  /** A scalar as written, so that `1.10` can stay `1.10`; null for lists and mappings. */
  readonly source: string | null;
  /** Holds `${…}`: what came out is text, but may stand for a number or a boolean. */
  readonly fluid: boolean;
  /** Holds something of the environment, which must never be shown. */
  readonly hidden: boolean;
}

/** Gathers every problem of one file, each at its place, so that all can be told at once. */
export class Findings {
  readonly file: string;
  readonly issues: ConfigIssue[] = [];
  /** Keys that stand above everything in the file: `symfony_process_manager`, or nothing. */
  readonly root: Path;
  readonly #places = new Map<string, Place>();
  readonly #failed = new Set<string>();

  constructor(file: string, root: Path) {
    this.file = file;
    this.root = root;
  }

  /** Remembers where the value of `path` stands. */
  locate(path: Path, place: Place): void {
    this.#places.set(keyOf(path), place);
  }

  place(path: Path): Place | undefined {
    return this.#places.get(keyOf(path));
  }

  /** True when the file itself has a value at `path`, in place of a default. */
  given(path: Path): boolean {
    return this.#places.has(keyOf(path));
  }

  /** True when an error was found at `path` or below, so that nothing more can be concluded from its value. */
  failed(path: Path): boolean {
    return this.#failed.has(keyOf(path));
  }

  /** Gives undefined, so that a reader can report and return in one. */
  error(path: Path, message: string, part: "key" | "value" = "value"): undefined {
    for (let length = path.length; length > 0; length--) this.#failed.add(keyOf(path.slice(0, length)));
    this.#add("error", path, message, this.#position(path, part));
  }

  /** An error of the file as such, with a path that does not start at `root`. */
  errorAt(position: Position, path: Path, message: string): void {
    this.issues.push({ severity: "error", file: this.file, ...position, path: shownPath(path), message });
  }

  warn(path: Path, message: string, part: "key" | "value" = "value"): void {
    this.#add("warning", path, message, this.#position(path, part));
  }

  /** An issue of another file that this one names; makes `path` count as failed. */
  foreign(path: Path, issue: ConfigIssue): void {
    this.#failed.add(keyOf(path));
    this.issues.push(issue);
  }

  /** The one message for a value of the wrong kind. `advice` says what to do beyond writing what is expected. */
  mismatch(path: Path, value: unknown, expected: string, advice?: string): undefined {
    const found = `must be ${expected}, found ${this.describe(path, value)}`;
    return this.error(path, advice === undefined ? found : `${found}; ${advice}`);
  }

  /** A value as a message may show it: secrets are not. */
  describe(path: Path, value: unknown): string {
    if (value === null || value === undefined) return "nothing";
    if (Array.isArray(value)) return "a list";
    if (value instanceof Map) return "a mapping";
    if (this.hidden(path)) return "something else in the environment";
    if (typeof value !== "string") return this.place(path)?.source ?? JSON.stringify(value);
    const shown = maskText(value, new Set());
    return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 57)}…` : shown);
  }

  /** `text`, unless the value of `path` comes from the environment. */
  show(path: Path, text: string | number): string {
    return this.hidden(path) ? "(from the environment)" : String(text);
  }

  hidden(path: Path): boolean {
    return this.place(path)?.hidden === true;
  }

  /** That of the nearest thing above which is in the file. */
  #position(path: Path, part: "key" | "value"): Position {
    for (let length = path.length; length >= 0; length--) {
      const place = this.place(path.slice(0, length));
      if (place === undefined) continue;
      return length === path.length ? place[part] : place.key;
    }
    return { line: 1, column: 1 };
  }

  #add(severity: ConfigIssue["severity"], path: Path, message: string, position: Position): void {
    this.issues.push({ severity, file: this.file, ...position, path: shownPath([...this.root, ...path]), message });
  }
}

/** Names of consumers may hold any printable character, so no dot or slash could part them. */
const keyOf = (path: Path): string => path.join("\u{0}");

/** A value can stand where a key should, and that may be a URL with a password. */
const shownPath = (path: Path): string => maskText(formatPath(path), new Set());
