/** The words of a command, or why it cannot be split without a shell. */
export type Words =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Splits a command as a POSIX shell would split a simple command: blanks part words, quotes and backslashes protect.
 * Nothing else of a shell: no variables, no globs; whatever would need one is refused, or kept as a plain word.
 */
export function splitWords(text: string, forShell: "refuse" | "keep" = "refuse"): Words {
  const words: string[] = [];
  let rest = text;
  // A backslash before a line end joins the two lines.
  while ((rest = rest.replace(/^(?:\s|\\\n)+/u, "")) !== "") {
    const word = takeWord(rest);
    if ("problem" in word) return { ok: false, problem: word.problem };
    const operator = forShell === "keep" ? null : shellOperator(word.bare);
    if (operator !== null) return { ok: false, problem: needsShell(operator) };
    if (forShell === "refuse" && words.length === 0 && /^[A-Za-z_]\w*=/u.test(word.bare)) {
      return { ok: false, problem: "a command cannot begin with a variable; move it to env" };
    }
    words.push(word.text);
    rest = rest.slice(word.length);
  }
  return { ok: true, words };
}

interface Word {
  readonly text: string;
  /** The word with every quoted or escaped character replaced by a neutral one. */
  readonly bare: string;
  readonly length: number;
}

const shielded = "\u{0}";

function takeWord(rest: string): Word | { readonly problem: string } {
  let text = "";
  let bare = "";
  let at = 0;
  while (at < rest.length && !/\s/u.test(rest[at]!)) {
    const part = takePart(rest, at);
    if (typeof part === "string") return { problem: part };
    text += part.text;
    bare += part.quoted ? shielded.repeat(Math.max(1, part.text.length)) : part.text;
    at = part.end;
  }
  return { text, bare, length: at };
}

interface Part {
  readonly text: string;
  readonly quoted: boolean;
  readonly end: number;
}

function takePart(rest: string, at: number): Part | string {
  const first = rest[at]!;
  if (first === "'") {
    const close = rest.indexOf("'", at + 1);
    return close === -1
      ? "a single quote (') is never closed"
      : { text: rest.slice(at + 1, close), quoted: true, end: close + 1 };
  }
  if (first === '"') return takeDoubleQuoted(rest, at + 1);
  if (first === "\\") {
    const next = rest[at + 1];
    if (next === undefined) return "ends with a backslash that protects nothing; remove it or double it";
    return { text: next === "\n" ? "" : next, quoted: true, end: at + 2 };
  }
  return { text: first, quoted: false, end: at + 1 };
}

function takeDoubleQuoted(rest: string, start: number): Part | string {
  let text = "";
  for (let at = start; at < rest.length; at++) {
    const char = rest[at]!;
    if (char === '"') return { text, quoted: true, end: at + 1 };
    const next = rest[at + 1];
    if (char === "\\" && next !== undefined && '"\\$`\n'.includes(next)) {
      text += next === "\n" ? "" : next;
      at++;
    } else text += char;
  }
  return 'a double quote (") is never closed';
}

function shellOperator(bare: string): string | null {
  const inside = /\$\(|`/u.exec(bare);
  if (inside !== null) return inside[0] === "`" ? "`…`" : "$(…)";
  const whole = /^(?:\|\|?&?|&&?|\d*(?:>>|<<|[<>])&?|&>>?|\(|\))/u.exec(bare);
  if (whole !== null) return whole[0];
  return /;$|^;/u.test(bare) ? ";" : null;
}

const needsShell = (operator: string): string =>
  `${operator} needs a shell and pm uses none; write [sh, -c, "…"] (with exec before the last program), or quote it`;
