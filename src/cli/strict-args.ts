import type { ArgsDef } from "citty";
import { nearest } from "../config/suggest.ts";
import type { Args } from "./command.ts";

/** A flag as it can be typed. */
interface Flag {
  readonly name: string;
  /** Its letter, such as n for -n; null when it has none. */
  readonly letter: string | null;
  /** What to write for its value; null for a flag that takes none. */
  readonly value: string | null;
}

/** One word, or several that belong together: an argument, or flags with their values; `used` words of them follow the first. */
type Piece =
  | { readonly argument: string }
  | { readonly flags: readonly (readonly [Flag, string | true])[]; readonly used: number };

/**
 * What is wrong with the words after a command, in one line, or null. citty is not asked: it takes time to load, lets unknown flags and
 * extra arguments pass, and takes a missing value for an empty one.
 */
export function strictArgs(words: readonly string[], args: ArgsDef): string | null {
  const pieces = piecesOf(words, args);
  if (typeof pieces === "string") return pieces;
  const given = pieces.flatMap((piece) => ("argument" in piece ? [piece.argument] : []));
  const positionals = positionalsOf(args);
  const extra = given[positionals.length];
  if (extra !== undefined) return `unexpected argument "${extra}"; this command takes ${count(positionals.length)}`;
  const missing = positionals[given.length];
  if (missing !== undefined && missing[1].required === true)
    return `${missing[0].toUpperCase()} is missing: ${missing[1].description ?? ""}`;
  return null;
}

/** The words by the names of their arguments and flags, of which `strictArgs` has said that nothing is wrong with them. */
export function readArgs(words: readonly string[], args: ArgsDef): Args {
  const pieces = piecesOf(words, args);
  if (typeof pieces === "string") return {};
  const names = positionalsOf(args).map(([name]) => name);
  const given = pieces.flatMap((piece) => ("argument" in piece ? [piece.argument] : []));
  const flags = pieces.flatMap((piece) => ("flags" in piece ? piece.flags : []));
  return Object.fromEntries([
    ...given.map((argument, index) => [names[index] ?? "", argument] as const),
    ...flags.map(([{ name }, value]) => [name, value] as const),
  ]);
}

const positionalsOf = (args: ArgsDef) => Object.entries(args).filter(([, { type }]) => type === "positional");

/** The words taken apart, or what is wrong with one. */
function piecesOf(words: readonly string[], args: ArgsDef): readonly Piece[] | string {
  const flags = flagsOf(args);
  const pieces: Piece[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") return [...pieces, ...words.slice(at + 1).map((argument) => ({ argument }))];
    if (!word.startsWith("-") || word === "-") {
      pieces.push({ argument: word });
      continue;
    }
    const read = word.startsWith("--") ? longFlag(word, words[at + 1], flags) : letters(word, words[at + 1], flags);
    if (typeof read === "string") return read;
    pieces.push(read);
    at += read.used;
  }
  return pieces;
}

type Flags = Extract<Piece, { used: number }>;

function flagsOf(args: ArgsDef): readonly Flag[] {
  return Object.entries(args).flatMap(([name, { type, valueHint, ...more }]) => {
    if (type === "positional") return [];
    const letter = "alias" in more && typeof more.alias === "string" ? more.alias : null;
    return [{ name, letter, value: type === "boolean" ? null : (valueHint ?? name.toUpperCase()) }];
  });
}

/** `--name` or `--name=value`, or what is wrong with it. */
function longFlag(word: string, next: string | undefined, flags: readonly Flag[]): Flags | string {
  const [name = "", ...rest] = word.slice(2).split("=");
  const flag = flags.find((each) => each.name === name);
  if (flag === undefined) return unknownFlag(`--${name}`, flags);
  if (flag.value === null)
    return rest.length === 0 ? { flags: [[flag, true]], used: 0 } : `--${name} takes no value; write just --${name}`;
  const inline = rest.length > 0;
  const value = inline ? rest.join("=") : (next ?? "");
  if (value === "") return `--${name} needs a value; write --${name} ${flag.value}`;
  return { flags: [[flag, value]], used: inline ? 0 : 1 };
}

/** The same of `-f`, `-n 5`, `-n5`, and several in one: `-fn5`. */
function letters(word: string, next: string | undefined, flags: readonly Flag[]): Flags | string {
  const read: [Flag, string | true][] = [];
  for (let at = 1; at < word.length; at++) {
    const flag = flags.find(({ letter }) => letter === word[at]);
    if (flag === undefined) return unknownFlag(word, flags);
    if (flag.value === null) {
      read.push([flag, true]);
      continue;
    }
    const inline = word.slice(at + 1);
    if (inline.startsWith("=") || (inline === "" && (next ?? "") === ""))
      return `-${flag.letter} needs a value; write -${flag.letter} ${flag.value}`;
    return { flags: [...read, [flag, inline === "" ? (next ?? "") : inline]], used: inline === "" ? 1 : 0 };
  }
  return { flags: read, used: 0 };
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
