import type { ArgsDef } from "citty";
import { nearest } from "../config/suggest.ts";

/**
 * What is wrong with the words after a command, in one line, or null. citty itself lets unknown flags and extra arguments
 * pass, and takes a missing value for an empty one.
 */
export function strictArgs(words: readonly string[], args: ArgsDef): string | null {
  const flags = Object.entries(args).filter(([, { type }]) => type !== "positional");
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
    const [name, value] = split(word);
    const type = flags.find(([flag]) => flag === name)?.[1].type;
    if (type === undefined)
      return unknownFlag(
        word,
        flags.map(([flag]) => flag),
      );
    if (type === "boolean") {
      if (value !== undefined) return `--${name} takes no value; write just --${name}`;
      continue;
    }
    const text = value ?? words[++at];
    if (text === undefined || text === "") return `--${name} needs a value; write --${name} ${name.toUpperCase()}`;
  }
  const extra = given[positionals.length];
  if (extra !== undefined) return `unexpected argument "${extra}"; this command takes ${count(positionals.length)}`;
  const missing = positionals[given.length];
  if (missing !== undefined && missing[1].required === true)
    return `${missing[0].toUpperCase()} is missing: ${missing[1].description ?? ""}`;
  return null;
}

function split(word: string): [string, string | undefined] {
  const [name = "", ...rest] = word.replace(/^--?/u, "").split("=");
  return [name, rest.length > 0 ? rest.join("=") : undefined];
}

function unknownFlag(word: string, known: readonly string[]): string {
  const near = nearest(split(word)[0], known);
  const hint = near === null ? "see --help" : `did you mean --${near}?`;
  return `unknown flag ${word.split("=")[0]}; ${hint}`;
}

function count(positionals: number): string {
  if (positionals === 0) return "no arguments";
  return positionals === 1 ? "one argument" : `${positionals} arguments`;
}
