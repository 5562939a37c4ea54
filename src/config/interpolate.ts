/** The environment that `${…}` is filled from. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A stretch of a value: as it stands in the file, or taken from the environment. */
export interface Piece {
  readonly text: string;
  /** The variable it came from; null when it stands in the file. */
  readonly variable: string | null;
}

/** A value with its `${…}` filled in. `problems` name variables and never show what they hold. */
export interface Filled {
  readonly pieces: readonly Piece[];
  readonly problems: readonly string[];
}

/** Fills in `${VAR}`, `${VAR:-default}` and `${VAR:?message}`; `$$` is a literal `$`, any other `$` stays. */
export function interpolate(text: string, env: Environment): Filled {
  const pieces: Piece[] = [];
  const problems: string[] = [];
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf("$", at);
    const literalEnd = dollar === -1 ? text.length : dollar;
    if (literalEnd > at) pieces.push({ text: text.slice(at, literalEnd), variable: null });
    if (dollar === -1) break;
    const next = text[dollar + 1];
    if (next !== "{") {
      pieces.push({ text: "$", variable: null });
      at = dollar + (next === "$" ? 2 : 1);
      continue;
    }
    const close = closingBrace(text, dollar + 2);
    if (close === -1) {
      problems.push("holds ${ without its }; close it, or write $${ for a literal ${");
      break;
    }
    const filled = fillIn(text.slice(dollar + 2, close), env);
    pieces.push(...filled.pieces);
    problems.push(...filled.problems);
    at = close + 1;
  }
  return { pieces, problems };
}

/** Text in which `interpolate` finds nothing to fill in and which it turns back into `text`. */
export function escapeDollars(text: string): string {
  return text.replaceAll(/\$(?=[${])/gu, "$$$$");
}

function fillIn(inside: string, env: Environment): Filled {
  const found = /^([A-Za-z_]\w*)(?::([-?])(.*))?$/su.exec(inside);
  if (found === null) {
    return {
      pieces: [],
      problems: [
        "holds a ${…} that is none of ${VAR}, ${VAR:-default}, ${VAR:?message}; use one of these, or $${ for a literal ${",
      ],
    };
  }
  const [, name = "", operator, argument = ""] = found;
  const value = env[name];
  if (value !== undefined && (value !== "" || operator === undefined))
    return { pieces: [{ text: value, variable: name }], problems: [] };
  if (operator === "-") return interpolate(argument, env);
  if (operator === "?")
    return {
      pieces: [],
      problems: [`the environment variable ${name} must be set: ${argument === "" ? "it has no default" : argument}`],
    };
  return {
    pieces: [],
    problems: [`the environment variable ${name} is not set; set it, or write \${${name}:-default}`],
  };
}

/** The `}` that closes what was opened before `start`, past those of nested `${…}`. */
function closingBrace(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text.startsWith("${", at)) depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}
