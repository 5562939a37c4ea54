/**
 * The words of `pm __exec SETTINGS -- PROGRAM ARGV0 [ARGUMENTS]`, one a setting. Who answers it is the stub that a packed pm begins with
 * (`scripts/loader/exec.c`, where each word is explained), or `exec-helper.ts`.
 */

/** The hidden command. */
export const execArgument = "__exec";

/** In the order the kernel needs: what takes privileges, then who one is, then what a change of user would undo. */
const order = "cropuGgUNdP";

const forms: Readonly<Record<string, RegExp>> = {
  c: /^.+$/su,
  r: /^\d+:\d+:\d+$/u,
  o: /^.*$/su,
  p: /^-?\d+$/u,
  u: /^[0-7]+$/u,
  G: /^(?:\d+(?:,\d+)*)?$/u,
  g: /^\d+$/u,
  U: /^\d+$/u,
  N: /^$/u,
  d: /^\d+$/u,
  P: /^\d+$/u,
};

/** One setting: its letter, and what stands behind it. */
export interface ExecSetting {
  readonly letter: string;
  readonly value: string;
}

/** What the words ask for, in the order in which it is done. */
export interface ExecRequest {
  readonly settings: readonly ExecSetting[];
  /** Absolute path. */
  readonly program: string;
  /** The program's name for itself and its arguments. */
  readonly argv: readonly string[];
}

/** Reads the words behind `__exec`, or says in one line what is wrong with them. */
export function readExecWords(words: readonly string[]): ExecRequest | string {
  const end = words.indexOf("--");
  const [program, ...argv] = end < 0 ? [] : words.slice(end + 1);
  if (program === undefined || argv.length === 0) return "-- and a program with its name are missing";
  const settings = words.slice(0, end).map((word) => ({ letter: word.charAt(0), value: word.slice(1), word }));
  const wrong = settings.find(({ letter, value }) => forms[letter]?.test(value) !== true);
  if (wrong !== undefined) return `not a setting: ${wrong.word}`;
  const sorted = settings.toSorted((a, b) => order.indexOf(a.letter) - order.indexOf(b.letter));
  return { settings: sorted.map(({ letter, value }) => ({ letter, value })), program, argv };
}

/** The kernel's word for no limit. */
export const unlimited = 18_446_744_073_709_551_615n;
