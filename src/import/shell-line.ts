import { splitWords } from "../config/words.ts";

/** A line that a shell ran, as a command of pm. */
export interface ShellLine {
  readonly words: readonly string[];
  /** Variables that stood in front of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** A shell stays between pm and the program, because more than one program runs. */
  readonly shellStays: boolean;
}

/** Runs the line without a shell where it needs none, else by `sh -c`, with exec before its last program where that can be. */
export function commandOfLine(line: string): ShellLine {
  const [assignments = "", rest = line] =
    /^((?:[A-Za-z_]\w*=[\w./:,@%+-]*\s+)*)(.*)$/su.exec(line.trim())?.slice(1) ?? [];
  const { signs, lastProgram, stays } = scan(rest);
  const split = splitWords(rest);
  if (!signs && split.ok && split.words.length > 0 && !shellWords.has(split.words[0]!)) {
    const pairs = assignments
      .trim()
      .split(/\s+/u)
      .filter((pair) => pair !== "");
    const env = Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
    return { words: split.words, env, shellStays: false };
  }
  const whole = line.trim();
  const start = lastProgram + (whole.length - rest.length);
  const last = whole.slice(start);
  // A keyword, a builtin or a subshell cannot be exec'd, and what has exec already needs no other.
  const [first = ""] = last.split(/\s/u);
  const plain = !stays && !shellWords.has(first) && !/^[({!]/u.test(first);
  const exec = /^[A-Za-z_]\w*=/u.test(first) ? "exec env " : "exec ";
  return {
    words: ["sh", "-c", plain ? `${whole.slice(0, start)}${exec}${last}` : whole],
    env: {},
    shellStays: !plain && first !== "exec",
  };
}

const shellWords = new Set(
  "exec cd export set unset source . eval trap ulimit umask wait if for while until case then do done fi else elif esac { } ( [ [[ ! test :".split(
    " ",
  ),
);

interface Scan {
  /** Something in it only a shell can do. */
  readonly signs: boolean;
  /** Where the last program of the list begins. */
  readonly lastProgram: number;
  /** It holds a pipe or runs something in the background, so the shell cannot be replaced. */
  readonly stays: boolean;
}

/** Looks for signs of the shell outside of quotes, and for `$` and backticks inside of double ones. */
function scan(line: string): Scan {
  let signs = false;
  let stays = false;
  let lastProgram = 0;
  let quote = "";
  let depth = 0;
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (char === "\\" && quote !== "'") at++;
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    else if (char === quote) quote = "";
    else if (quote !== "'" && (char === "$" || char === "`")) signs = true;
    else if (quote === "" && isSign(line, at)) {
      signs = true;
      if (char === "(") depth++;
      if (char === ")") depth--;
      if (depth > 0) continue;
      const next = /^(?:&&|\|\||;)\s*/u.exec(line.slice(at));
      if (next !== null && at + next[0].length < line.length) {
        // After || the exec would hide that the first program has failed; the shell goes on in either case.
        if (next[0].startsWith("||")) stays = true;
        lastProgram = at + next[0].length;
        at = lastProgram - 1;
      } else if (char === "|" || (char === "&" && !/[<>]/u.test(`${line[at - 1] ?? ""}${line[at + 1] ?? ""}`)))
        stays = true;
    }
  }
  return { signs, lastProgram, stays };
}

function isSign(line: string, at: number): boolean {
  const char = line[at]!;
  const begins = at === 0 || /\s/u.test(line[at - 1]!);
  if (char === "#" || char === "~") return begins;
  return "|&;<>()*?[{".includes(char);
}
