/** What an env file holds, in its order, and what could not be read (lines count from 1). */
export interface Dotenv {
  readonly values: readonly (readonly [name: string, value: string])[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

/**
 * `NAME=value` lines as in `.env`: an optional `export`, comments, single quotes (verbatim) and double quotes (with
 * backslash escapes), both of which may run over several lines. `$` has no meaning here. Messages never show a value.
 */
export function parseDotenv(text: string): Dotenv {
  const values: [string, string][] = [];
  const problems: { line: number; message: string }[] = [];
  const lines = text.replace(/^\u{FEFF}/u, "").split(/\r?\n/u);
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    const content = lines[index]!.trim();
    if (content === "" || content.startsWith("#")) continue;
    const found = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/su.exec(content);
    if (found === null) {
      problems.push({ line, message: "is not NAME=value; fix the line or put # before it" });
      continue;
    }
    const [, name = "", start = ""] = found;
    const quote = start.charAt(0);
    if (quote !== "'" && quote !== '"') {
      values.push([name, start.replace(/(^|\s+)#.*$/u, "").trim()]);
      continue;
    }
    let raw = start;
    while (closing(raw) === -1 && index + 1 < lines.length) raw += `\n${lines[++index]!}`;
    const end = closing(raw);
    const after = raw.slice(end + 1).trim();
    if (end === -1) {
      problems.push({ line, message: `the quote (${quote}) of ${name} is never closed; close it` });
      index = line - 1;
    } else if (after !== "" && !after.startsWith("#")) {
      problems.push({ line, message: `there is text after the closing quote of ${name}; quote the whole value` });
    } else values.push([name, quote === "'" ? raw.slice(1, end) : unescaped(raw.slice(1, end))]);
  }
  return { values, problems };
}

/** Where the quote that `raw` begins with is closed, or -1. */
function closing(raw: string): number {
  const quote = raw[0];
  for (let at = 1; at < raw.length; at++) {
    if (quote === '"' && raw[at] === "\\") at++;
    else if (raw[at] === quote) return at;
  }
  return -1;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

const unescaped = (text: string): string => text.replaceAll(/\\([\s\S])/gu, (_, char: string) => escapes[char] ?? char);
