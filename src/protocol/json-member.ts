/**
 * The text of a member of an object, exactly as it was written: numbers no program can hold keep their spelling. `json` is valid JSON and
 * an object. Null when it has no such member; of several the last one counts, as for `JSON.parse`.
 */
export function memberText(json: string, name: string): string | null {
  let found: string | null = null;
  let at = next(json, json.indexOf("{") + 1);
  while (json[at] === '"') {
    const keyEnd = stringEnd(json, at);
    const isIt = JSON.parse(json.slice(at, keyEnd)) === name;
    const start = next(json, next(json, keyEnd) + 1);
    const end = valueEnd(json, start);
    if (isIt) found = json.slice(start, end);
    at = next(json, next(json, end) + 1);
  }
  return found;
}

/** JSON text with every newline between its tokens gone; in its strings there is none. */
export function onOneLine(json: string): string {
  const text = json.trim();
  return /[\r\n]/u.test(text) ? text.replace(/[\r\n]+/gu, " ") : text;
}

const blank = /[^ \t\r\n]/gu;
/** What ends a number or a word. */
const behindWord = /[ \t\r\n,\]}]/gu;
/** What changes the depth, and strings, in which it does not change. */
const bracket = /["[\]{}]/gu;

/** Where `pattern` matches first from `at` on; the end of the text where it does not. */
function seek(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex - 1 : text.length;
}

const next = (text: string, at: number): number => seek(blank, text, at);

/** Behind the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === "\\") first--;
  return (at - first) % 2 === 1;
}

function valueEnd(text: string, start: number): number {
  if (text[start] === '"') return stringEnd(text, start);
  if (text[start] !== "{" && text[start] !== "[") return seek(behindWord, text, start);
  let depth = 0;
  let at = start;
  do {
    at = seek(bracket, text, at);
    if (text[at] === '"') {
      at = stringEnd(text, at);
      continue;
    }
    depth += text[at] === "{" || text[at] === "[" ? 1 : -1;
    at++;
  } while (depth > 0);
  return at;
}
