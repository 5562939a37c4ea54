/** A word, number, text or sign of JavaScript. */
export interface JsToken {
  readonly kind: "word" | "number" | "text" | "template" | "sign" | "end";
  /** Of a text what it says, of a template what is between its backticks, else as it stands. */
  readonly text: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

const patterns: readonly (readonly [kind: JsToken["kind"], pattern: RegExp])[] = [
  ["word", /[\p{L}_$][\p{L}\p{N}_$]*/uy],
  ["number", /(?:0x[\da-f_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?)/iuy],
  ["text", /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/uy],
  ["template", /`(?:[^`\\]|\\[\s\S])*`/uy],
  ["sign", /\.\.\.|\?\?|\?\.|\|\||&&|=>|[\s\S]/uy],
];

const gap = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\u{FEFF})+/uy;

/** All tokens of a text, without comments; the last is `end`. Whatever it holds, it never fails. */
export function jsTokens(text: string): JsToken[] {
  const tokens: JsToken[] = [];
  let line = 1;
  let at = text.startsWith("#!") ? text.indexOf("\n") : 0;
  if (at === -1) at = text.length;
  while (at < text.length) {
    const skipped = matchAt(gap, text, at);
    line += skipped.split("\n").length - 1;
    at += skipped.length;
    if (at >= text.length) break;
    for (const [kind, pattern] of patterns) {
      const found = matchAt(pattern, text, at);
      if (found === "") continue;
      const inside = kind === "text" || kind === "template" ? unescaped(found.slice(1, -1)) : found;
      tokens.push({ kind, text: inside, line, start: at, end: at + found.length });
      line += found.split("\n").length - 1;
      at += found.length;
      break;
    }
  }
  tokens.push({ kind: "end", text: "", line, start: text.length, end: text.length });
  return tokens;
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", "0": "\0" };

function unescaped(text: string): string {
  return text.replaceAll(
    /\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2})|(\r?\n)|([\s\S]))/giu,
    (_, long?: string, short?: string, byte?: string, lineEnd?: string, char?: string) => {
      const code = long ?? short ?? byte;
      if (code !== undefined) return codePoint(Number.parseInt(code, 16));
      return lineEnd === undefined ? (escapes[char ?? ""] ?? char ?? "") : "";
    },
  );
}

const codePoint = (code: number): string => (code <= 0x10_ff_ff ? String.fromCodePoint(code) : "\u{FFFD}");
