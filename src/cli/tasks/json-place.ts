/** Where a text stops being JSON: `line 2, column 7`; null when it is JSON. */
export function whereNoJson(text: string): string | null {
  const at = firstBad(text);
  if (at === null) return null;
  const before = text.slice(0, at).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

const space = /[ \t\r\n]*/uy;
const scalar =
  /(?:"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)/uy;

type Wanted = "value" | "value_or_end" | "key" | "key_or_end" | "colon" | "comma_or_end";

function firstBad(text: string): number | null {
  const open: ("{" | "[")[] = [];
  let wanted: Wanted = "value";
  let at = behind(space, text, 0) ?? 0;
  do {
    const end = tokenEnd(text, at, wanted, open.at(-1));
    if (end === null) return at;
    const token = text[at];
    if (token === "{" || token === "[") {
      open.push(token);
      wanted = token === "{" ? "key_or_end" : "value_or_end";
    } else if (token === ",") wanted = open.at(-1) === "{" ? "key" : "value";
    else if (token === ":") wanted = "value";
    else {
      if (token === "}" || token === "]") open.pop();
      wanted = wanted === "key" || (wanted === "key_or_end" && token === '"') ? "colon" : "comma_or_end";
    }
    at = behind(space, text, end) ?? end;
  } while (open.length > 0);
  return at === text.length ? null : at;
}

/** Behind the token at this place; null when none of those that are wanted stands there. */
function tokenEnd(text: string, at: number, wanted: Wanted, within: string | undefined): number | null {
  const token = text[at];
  if (token === undefined) return null;
  const closes = token === (within === "{" ? "}" : "]");
  switch (wanted) {
    case "colon":
      return token === ":" ? at + 1 : null;
    case "comma_or_end":
      return token === "," || closes ? at + 1 : null;
    case "key":
    case "key_or_end":
      if (closes && wanted === "key_or_end") return at + 1;
      return token === '"' ? behind(scalar, text, at) : null;
    case "value":
    case "value_or_end":
      if (token === "{" || token === "[" || (closes && wanted === "value_or_end")) return at + 1;
      return behind(scalar, text, at);
  }
}

function behind(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}
