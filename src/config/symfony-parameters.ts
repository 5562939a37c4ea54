import type { Environment, Filled, Piece } from "./interpolate.ts";

/** What the `%…%` of a Symfony configuration may stand for here. */
export interface SymfonyParameters {
  readonly projectDirectory: string;
  readonly env: Environment;
}

/** Fills in `%kernel.project_dir%` and `%env(NAME)%` where a text stands in the file; `%%` is a literal `%`. */
export function fillParameters(pieces: readonly Piece[], parameters: SymfonyParameters): Filled {
  const filled: Piece[] = [];
  const problems: string[] = [];
  for (const piece of pieces) {
    if (piece.variable !== null) {
      filled.push(piece);
      continue;
    }
    let at = 0;
    for (const found of piece.text.matchAll(/%([^%\s]*)%/gu)) {
      filled.push({ text: piece.text.slice(at, found.index), variable: null });
      at = found.index + found[0].length;
      const value = valueOf(found[1]!, parameters);
      if (typeof value === "string") problems.push(value);
      else filled.push(value);
    }
    filled.push({ text: piece.text.slice(at), variable: null });
  }
  return { pieces: filled.filter((piece) => piece.text !== "" || piece.variable !== null), problems };
}

/** The piece that replaces `%name%`, or what is wrong with it. */
function valueOf(name: string, { projectDirectory, env }: SymfonyParameters): Piece | string {
  if (name === "") return { text: "%", variable: null };
  if (name === "kernel.project_dir") return { text: projectDirectory, variable: null };
  const found = /^env\((?:(int|float|bool|string):)?([A-Za-z_]\w*)\)$/u.exec(name);
  if (found === null) return notUnderstood(name);
  const [, processor = "string", variable = ""] = found;
  const value = env[variable];
  if (value === undefined)
    return `the environment variable ${variable} is not set; set it, or write \${${variable}:-default}`;
  const text = converted(processor, value);
  return text === null
    ? `the environment variable ${variable} holds no number, which %env(${processor}:${variable})% asks for; change the variable`
    : { text, variable };
}

function notUnderstood(name: string): string {
  const fallback = /^env\(default:[^)]*:([A-Za-z_]\w*)\)$/u.exec(name);
  if (fallback !== null) return `%${name}% is not understood by pm; write \${${fallback[1]}:-the default}`;
  const variable = /^env\(.*?(\w+)\)$/u.exec(name);
  if (variable !== null) return `%${name}% is not understood by pm; write \${${variable[1]}}, or the value itself`;
  return `%${name}% is a parameter of Symfony's container, which pm cannot see; write the value itself, \${VAR}, or %% for a literal %`;
}

function converted(processor: string, value: string): string | null {
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (processor === "int") return Number.isFinite(number) ? String(Math.trunc(number)) : null;
  if (processor === "float") return Number.isFinite(number) ? String(number) : null;
  if (processor === "bool")
    return String(/^(1|true|yes|on)$/iu.test(value.trim()) || (Number.isFinite(number) && number !== 0));
  return value;
}
