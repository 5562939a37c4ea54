/**
 * The text of a JSON object with some of its top-level members changed or added; `changes` are JSON texts by name. All else keeps its bytes:
 * a number too long for this language goes through unharmed. The text must be a valid JSON object.
 */
export function withMembers(object: string, changes: Readonly<Record<string, string>>): string {
  const missing = new Map(Object.entries(changes));
  let written = "";
  let copied = 0;
  let count = 0;
  for (let at = object.indexOf("{") + 1; ; at++) {
    const keyStart = object.indexOf('"', at);
    if (keyStart === -1) break;
    const keyEnd = stringEnd(object, keyStart);
    const name: unknown = JSON.parse(object.slice(keyStart, keyEnd));
    const colon = object.indexOf(":", keyEnd);
    at = valueEnd(object, colon + 1);
    count++;
    const change = typeof name === "string" && Object.hasOwn(changes, name) ? changes[name] : undefined;
    if (change === undefined) continue;
    missing.delete(String(name));
    written += object.slice(copied, colon + 1) + change;
    copied = at;
  }
  const close = object.lastIndexOf("}");
  const added = [...missing].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",");
  const comma = added !== "" && count > 0 ? "," : "";
  return written + object.slice(copied, close) + comma + added + object.slice(close);
}

/** Behind the closing quote of the string that begins here. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** The comma or brace that ends the member whose value begins here. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  for (; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = stringEnd(text, at) - 1;
    else if (char === "{" || char === "[") depth++;
    else if (depth > 0 && (char === "}" || char === "]")) depth--;
    else if (char === "," || char === "}") break;
  }
  return at;
}
