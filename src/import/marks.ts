/*
 * Texts on their way into a pm.yaml are literal, but for two kinds of marks: a variable that pm fills in, and words that only a shell
 * can make. The code points around them are no characters, so no file holds them.
 */
const [variableStart, variableEnd, shellStart, shellEnd] = ["\u{FDD0}", "\u{FDD1}", "\u{FDD2}", "\u{FDD3}"];

/** A variable of the environment pm is started with; without a fallback it must be set. */
export function variable(name: string, fallback: string | null = null): string {
  return `${variableStart}${name}${fallback === null ? "" : `:-${fallback}`}${variableEnd}`;
}

/** A piece of shell, as it stands in the command line of `sh -c`, with its quotes. */
export function shell(code: string): string {
  return `${shellStart}${code}${shellEnd}`;
}

/** Whether a text holds a piece of shell. */
export const needsShell = (text: string): boolean => text.includes(shellStart);

/** The name of the variable that a text is and nothing else, or null. */
export function onlyVariable(text: string): string | null {
  return /^\u{FDD0}(\w+)(?::-[^\u{FDD1}]*)?\u{FDD1}$/u.exec(text)?.[1] ?? null;
}

/** The text as it stands in a pm.yaml: `${NAME}` for variables, and a `$` that would begin one doubled. */
export function yamlText(text: string): string {
  return text.replaceAll(/\u{FDD0}([^\u{FDD1}]*)\u{FDD1}|\$(?=[${\u{FDD0}])/gu, (_, inside?: string) =>
    inside === undefined ? "$$" : `\${${inside}}`,
  );
}

/** The argv of these words: as they are, or by way of `sh -c exec` when one of them needs a shell. */
export function argvOf(words: readonly string[]): readonly string[] {
  return words.some(needsShell) ? ["sh", "-c", `exec ${words.map(shellWord).join(" ")}`] : words;
}

/** One word of a shell's command line: what is literal is quoted where it must be. */
export function shellWord(word: string): string {
  const parts = word
    .split(/(\u{FDD0}[^\u{FDD1}]*\u{FDD1}|\u{FDD2}[^\u{FDD3}]*\u{FDD3})/u)
    .filter((part) => part !== "");
  return parts.length === 0 ? "''" : parts.map((part, index) => shellPart(part, parts[index + 1] ?? "")).join("");
}

function shellPart(part: string, next: string): string {
  if (part.startsWith(variableStart)) return `"\${${part.slice(1, -1)}}"`;
  // A name must not run into the letters behind it.
  if (part.startsWith(shellStart)) return /^\w/u.test(next) ? quoted(part.slice(1, -1)) : part.slice(1, -1);
  return /^[\w@%+=:,./-]+$/u.test(part) ? part : `'${part.replaceAll("'", String.raw`'\''`)}'`;
}

const quoted = (code: string): string => (code.startsWith('"') ? code : `"${code}"`);
