import type { Command } from "../command.ts";

/** Where a shell gets its proposals from: words, names that a running pm knows, or files. */
export type Source =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "consumers" | "workers" | "files" };

/** What can be typed after a command, in a form that all shells can be told from. */
export interface Proposals {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagProposal[];
  /** One for each argument, in order. */
  readonly positionals: readonly Source[];
}

export interface FlagProposal {
  /** Without dashes. */
  readonly name: string;
  readonly letter: string | null;
  readonly about: string;
  /** Of its value; null when it takes none. */
  readonly value: Source | null;
}

/** What a command takes, and `--help`. */
export function proposalsOf({ name, summary, args, completes = {} }: Command): Proposals {
  const source = (argument: string): Source => {
    const known = completes[argument];
    if (known === undefined) return { kind: "files" };
    return typeof known === "string" ? { kind: known } : { kind: "words", words: known };
  };
  const entries = Object.entries(args);
  const flags = entries.flatMap(([each, { type, description = "", ...more }]): readonly FlagProposal[] => {
    if (type === "positional") return [];
    const letter = "alias" in more && typeof more.alias === "string" ? more.alias : null;
    return [{ name: each, letter, about: description, value: type === "boolean" ? null : source(each) }];
  });
  return {
    name,
    summary,
    flags: [...flags, { name: "help", letter: "h", about: "What it does, with examples", value: null }],
    positionals: entries.flatMap(([each, { type }]) => (type === "positional" ? [source(each)] : [])),
  };
}

/** The words of a flag as they are typed. */
export function spellings({ name, letter }: FlagProposal): readonly string[] {
  return letter === null ? [`--${name}`] : [`--${name}`, `-${letter}`];
}

/** What may stand in some places of a command line: the argument of this position, or what follows one of these flags. */
export interface Choice {
  readonly places: readonly string[];
  /** `words A B`, or the kind of the source. */
  readonly from: string;
}

/** The choices of a command for shells that complete files by themselves: a flag that takes a file has none. */
export function choicesOf({ flags, positionals }: Proposals): readonly Choice[] {
  return [
    ...positionals.map((source, at) => ({ places: [String(at)], from: fromOf(source) })),
    ...flags.flatMap((flag) =>
      flag.value === null || flag.value.kind === "files" ? [] : [{ places: spellings(flag), from: fromOf(flag.value) }],
    ),
  ];
}

function fromOf(source: Source): string {
  return source.kind === "words" ? `words ${source.words.join(" ")}` : source.kind;
}
