import { join, resolve } from "node:path";
import { jsTokens, type JsToken } from "./js-tokens.ts";
import type { JsEntry, JsValue } from "./js-value.ts";
import { variable } from "./marks.ts";

/**
 * What a JavaScript or JSON file exports, read without running it: literals, constants of the file, `__dirname`, `process.env.X`,
 * `path.join` and sums. Any other expression is an `unreadable` value. Null when the file exports nothing.
 */
export function readJsExport(text: string, here: string): JsValue | null {
  return new Reader(text, here).readFile();
}

/** What `process.env.X` is; only as the left side of `||` and `??` it differs from any other text. */
type Value = JsValue & { readonly env?: string };

/** Thrown inside this file only, to get out of a half-read expression. */
class Unreadable extends Error {}

const closing: Readonly<Record<string, string>> = { "{": "}", "[": "]", "(": ")" };

/** Deeper nesting is no configuration. */
const deepest = 100;

class Reader {
  readonly #text: string;
  readonly #here: string;
  readonly #tokens: readonly JsToken[];
  readonly #constants = new Map<string, Value>();
  #at = 0;
  #depth = 0;

  constructor(text: string, here: string) {
    this.#text = text;
    this.#here = here;
    this.#tokens = jsTokens(text);
  }

  readFile(): JsValue | null {
    if (["{", "["].includes(this.#next.text)) return this.#expressionOr([]);
    let exported: JsValue | null = null;
    let named: JsValue | null = null;
    while (this.#next.kind !== "end") {
      if (this.#takeAll("module", ".", "exports", "=") || this.#takeAll("export", "default")) {
        exported = this.#expressionOr([";"]);
      } else if (
        this.#takeAll("module", ".", "exports", ".", "apps", "=") ||
        this.#takeAll("exports", ".", "apps", "=")
      ) {
        const line = this.#next.line;
        named = { kind: "object", line, entries: [{ key: "apps", line, value: this.#expressionOr([";"]) }] };
      } else if (["const", "let", "var"].includes(this.#next.text)) this.#constant();
      else this.#skip([";"]);
      this.#take(";");
    }
    return exported ?? named;
  }

  get #next(): JsToken {
    return this.#tokens[this.#at]!;
  }

  #take(sign: string): boolean {
    const found = this.#next.text === sign && (this.#next.kind === "sign" || this.#next.kind === "word");
    if (found) this.#at++;
    return found;
  }

  #takeAll(...words: readonly string[]): boolean {
    const found = words.every((word, index) => this.#tokens[this.#at + index]?.text === word);
    if (found) this.#at += words.length;
    return found;
  }

  #constant(): void {
    this.#at++;
    const name = this.#next;
    this.#at++;
    if (name.kind === "word" && this.#take("=")) this.#constants.set(name.text, this.#expressionOr([";"]));
    else this.#skip([";"]);
  }

  /** An expression, or an `unreadable` value in its place, up to one of `ends` or a bracket that closes. */
  #expressionOr(ends: readonly string[]): Value {
    const start = this.#at;
    const depth = this.#depth;
    const { line } = this.#next;
    try {
      const value = this.#expression();
      const { kind, text, line: after } = this.#next;
      const over = kind === "end" || [...ends, "}", "]", ")"].includes(text);
      // Statements may end without a semicolon, at the end of a line.
      if (over || (ends.includes(";") && after > this.#tokens[this.#at - 1]!.line)) return value;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
    this.#at = start;
    this.#depth = depth;
    this.#skip(ends);
    const end = this.#tokens[Math.max(start, this.#at - 1)]!.end;
    return {
      kind: "unreadable",
      line,
      source: this.#text.slice(this.#tokens[start]!.start, end).replaceAll(/\s+/gu, " "),
    };
  }

  /** Past everything up to one of `ends`, or a bracket that closes what is open here, or a new line that begins a statement. */
  #skip(ends: readonly string[]): void {
    const open: string[] = [];
    for (let first = true; this.#next.kind !== "end"; first = false) {
      const { kind, text, line } = this.#next;
      if (open.length === 0 && !first && ends.includes(";") && this.#beginsStatement(line)) return;
      if (kind === "sign") {
        if (open.length === 0 && (ends.includes(text) || (Object.values(closing).includes(text) && !first))) return;
        if (text in closing) open.push(closing[text]!);
        else if (text === open.at(-1)) open.pop();
      }
      this.#at++;
    }
  }

  #beginsStatement(line: number): boolean {
    if (line === this.#tokens[this.#at - 1]?.line) return false;
    return ["module", "export", "exports", "const", "let", "var"].includes(this.#next.text);
  }

  /** Sums bind closer than `||` and `??`. */
  #expression(): Value {
    if (++this.#depth > deepest) throw new Unreadable();
    let left = this.#sum();
    while (this.#take("||") || this.#take("??")) left = either(left, this.#sum());
    this.#depth--;
    return left;
  }

  #sum(): Value {
    let left = this.#product();
    while (this.#take("+")) left = sum(left, this.#product());
    return left;
  }

  #product(): Value {
    let left = this.#primary();
    for (;;) {
      const times = this.#take("*");
      if (!times && !this.#take("/")) return left;
      const right = this.#primary();
      if (left.kind !== "number" || right.kind !== "number") throw new Unreadable();
      const number = times ? left.number * right.number : left.number / right.number;
      left = { kind: "number", line: left.line, number };
    }
  }

  #primary(): Value {
    const token = this.#next;
    const { kind, text, line } = token;
    this.#at++;
    if (kind === "text") return { kind, line, text };
    if (kind === "template") return this.#template(token);
    if (kind === "number") return { kind, line, number: numberOf(text) };
    if (kind === "word") return this.#word(token);
    if (text === "{") return { kind: "object", line, entries: this.#entries() };
    if (text === "[") return { kind: "list", line, items: this.#items("]") };
    if (text === "(") {
      const inside = this.#expression();
      if (!this.#take(")")) throw new Unreadable();
      return inside;
    }
    const operand = text === "-" && this.#next.kind === "number" ? this.#primary() : null;
    if (operand?.kind !== "number") throw new Unreadable();
    return { ...operand, number: -operand.number };
  }

  /** `${name}` inside is a constant, `__dirname` or a variable; anything else is unreadable. */
  #template({ text, line }: JsToken): Value {
    const parts = text.split(/(\$\{[^}]*\})/u).map((part) => {
      if (!part.startsWith("${")) return part;
      const inner = new Reader(part.slice(2, -1), this.#here);
      for (const [name, value] of this.#constants) inner.#constants.set(name, value);
      const value = inner.#expression();
      if (inner.#next.kind !== "end") throw new Unreadable();
      return textOf(value);
    });
    return { kind: "text", line, text: parts.join("") };
  }

  #word({ text, line }: JsToken): Value {
    if (text === "true" || text === "false") return { kind: "flag", line, flag: text === "true" };
    if (text === "null" || text === "undefined") return { kind: "nothing", line };
    if (text === "__dirname") return { kind: "text", line, text: this.#here };
    if (text === "process" && this.#takeAll(".", "env")) return this.#variable(line);
    if (text === "path" && (this.#takeAll(".", "join", "(") || this.#takeAll(".", "resolve", "("))) {
      const name = this.#tokens[this.#at - 2]!.text;
      const parts = this.#items(")").map((item) => textOf(item));
      // What a variable holds may be absolute, or begin with two dots.
      if (parts.slice(1).some((part) => /[\u{FDD0}-\u{FDD3}]/u.test(part))) throw new Unreadable();
      if (name === "resolve" && !parts[0]?.startsWith("/")) throw new Unreadable();
      return { kind: "text", line, text: name === "join" ? join(...parts) : resolve(...parts) };
    }
    const known = this.#constants.get(text);
    if (known === undefined || known.kind === "unreadable" || [".", "(", "?."].includes(this.#next.text))
      throw new Unreadable();
    return known;
  }

  #variable(line: number): Value {
    const named = this.#take(".");
    const bracketed = !named && this.#take("[");
    const token = this.#next;
    this.#at++;
    const valid = /^[A-Za-z_]\w*$/u.test(token.text) && token.kind === (named ? "word" : "text");
    if (!(named || bracketed) || !valid || (bracketed && !this.#take("]"))) throw new Unreadable();
    return { kind: "text", line, text: variable(token.text), env: token.text };
  }

  #items(end: string): JsValue[] {
    const items: JsValue[] = [];
    while (!this.#take(end)) {
      if (this.#next.kind === "end") throw new Unreadable();
      items.push(this.#expressionOr([","]));
      if (!this.#take(",") && this.#next.text !== end) throw new Unreadable();
    }
    return items;
  }

  #entries(): JsEntry[] {
    const entries: JsEntry[] = [];
    while (!this.#take("}")) {
      if (this.#next.kind === "end") throw new Unreadable();
      entries.push(...this.#entry());
      if (!this.#take(",") && this.#next.text !== "}") throw new Unreadable();
    }
    return entries;
  }

  #entry(): readonly JsEntry[] {
    const { kind, text, line } = this.#next;
    if (this.#take("...")) {
      const value = this.#expressionOr([","]);
      return value.kind === "object"
        ? value.entries
        : [{ key: "...", line, value: { ...value, kind: "unreadable", source: "..." } }];
    }
    const after = this.#tokens[this.#at + 1]?.text;
    if ((kind === "word" || kind === "text" || kind === "number") && after === ":") {
      this.#at += 2;
      return [{ key: text, line, value: this.#expressionOr([","]) }];
    }
    // `name,` is short for `name: name`; getters, methods and computed names are unreadable.
    const key = kind === "word" ? text : "...";
    return [{ key, line, value: this.#expressionOr([","]) }];
  }
}

const numberOf = (text: string): number => Number(text.replaceAll("_", ""));

function textOf(value: JsValue): string {
  if (value.kind === "text") return value.text;
  if (value.kind === "number") return String(value.number);
  throw new Unreadable();
}

function sum(left: Value, right: Value): Value {
  if (left.kind === "number" && right.kind === "number") return { ...left, number: left.number + right.number };
  return { kind: "text", line: left.line, text: textOf(left) + textOf(right) };
}

/** `left || right`: a variable gets its fallback, and of two known values the first that is something. */
function either(left: Value, right: Value): Value {
  if (left.kind === "text" && left.env !== undefined) {
    const fallback = right.kind === "nothing" ? "" : textOf(right);
    // A brace would end the variable in a pm.yaml.
    if (right.kind === "text" && right.env === undefined && /[{}$\u{FDD0}]/u.test(fallback)) throw new Unreadable();
    const inner = right.kind === "text" && right.env !== undefined ? `\${${right.env}}` : fallback;
    return { kind: "text", line: left.line, text: variable(left.env, inner) };
  }
  // Whether a text with a variable in it is empty, nobody knows before it is filled in.
  if (left.kind === "text" && left.text.includes("\u{FDD0}")) throw new Unreadable();
  const something = left.kind !== "nothing" && !(left.kind === "text" && left.text === "");
  return something ? left : right;
}
