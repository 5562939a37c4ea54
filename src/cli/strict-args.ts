import type { ArgsDef } from "citty";
import { nearest } from "../config/suggest.ts";

/** A flag as it can be typed. */
interface Flag {
  readonly name: string;
  /** Its letter, such as n for -n; null when it has none. */
  readonly letter: string | null;
  /** What to write for its value; null for a flag that takes none. */
  readonly value: string | null;
}

/**
 * What is wrong with the words after a command, in one line, or null. citty itself lets unknown flags and extra arguments
 * pass, and takes a missing value for an empty one.
 */
export function strictArgs(words: readonly string[], args: ArgsDef): string | null {
  const flags = flagsOf(args);
  const positionals = Object.entries(args).filter(([, { type }]) => type === "positional");
  const given: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      given.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      given.push(word);
      continue;
    }
    const read = word.startsWith("--") ? longFlag(word, words[at + 1], flags) : letters(word, words[at + 1], flags);
    if (typeof read === "string") return read;
    at += read;
  }
  const extra = given[positionals.length];
  if (extra !== undefined) return `unexpected argument "${extra}"; this command takes ${count(positionals.length)}`;
  const missing = positionals[given.length];
  if (missing !== undefined && missing[1].required === true)
    return `${missing[0].toUpperCase()} is missing: ${missing[1].description ?? ""}`;
  return null;
}

function flagsOf(args: ArgsDef): readonly Flag[] {
  return Object.entries(args).flatMap(([name, { type, valueHint, ...more }]) => {
    if (type === "positional") return [];
    const letter = "alias" in more && typeof more.alias === "string" ? more.alias : null;
    return [{ name, letter, value: type === "boolean" ? null : (valueHint ?? name.toUpperCase()) }];
  });
}

/** How many words after it belong to `--name` or `--name=value`, or what is wrong with it. */
function longFlag(word: string, next: string | undefined, flags: readonly Flag[]): number | string {
  const [name = "", ...rest] = word.slice(2).split("=");
  const flag = flags.find((each) => each.name === name);
  if (flag === undefined) return unknownFlag(`--${name}`, flags);
  if (flag.value === null) return rest.length === 0 ? 0 : `--${name} takes no value; write just --${name}`;
  const inline = rest.length > 0;
  if ((inline ? rest.join("=") : (next ?? "")) === "") return `--${name} needs a value; write --${name} ${flag.value}`;
  return inline ? 0 : 1;
}

/** The same of `-f`, `-n 5`, `-n5`, and several in one: `-fn5`. */
function letters(word: string, next: string | undefined, flags: readonly Flag[]): number | string {
  for (let at = 1; at < word.length; at++) {
    const flag = flags.find(({ letter }) => letter === word[at]);
    if (flag === undefined) return unknownFlag(word, flags);
    if (flag.value === null) continue;
    const inline = word.slice(at + 1);
    if (inline.startsWith("=") || (inline === "" && (next ?? "") === ""))
      return `-${flag.letter} needs a value; write -${flag.letter} ${flag.value}`;
    return inline === "" ? 1 : 0;
  }
  return 0;
}

function unknownFlag(word: string, flags: readonly Flag[]): string {
  const near = nearest(
    word,
    flags.map(({ name }) => name),
  );
  return `unknown flag ${word}; ${near === null ? "see --help" : `did you mean --${near}?`}`;
}

function count(positionals: number): string {
  if (positionals === 0) return "no arguments";
  return positionals === 1 ? "one argument" : `${positionals} arguments`;
}
