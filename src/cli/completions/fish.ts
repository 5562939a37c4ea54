import { type Proposals, type Source, spellings } from "./proposals.ts";

/** A script for fish: `pm completions fish > ~/.config/fish/completions/pm.fish`. */
export function fishCompletion(commands: readonly Proposals[]): string {
  return `# Completion of pm for fish: pm completions fish > ~/.config/fish/completions/pm.fish
# Whether the words so far are this command and this many arguments; what follows are its flags that take a value.
function __pm_at --argument-names command position
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $command; or return 1
    set -e words[1..2]
    set -l seen 0
    set -l skip 0
    for word in $words
        if test $skip = 1
            set skip 0
        else if contains -- $word $argv[3..]
            set skip 1
        else if not string match -q -- '-*' $word
            set seen (math $seen + 1)
        end
    end
    test $seen = $position
end
complete -c pm -f
${commands.map(({ name, summary }) => `complete -c pm -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`).join("\n")}
${commands.flatMap(linesOf).join("\n")}
`;
}

function linesOf({ name, flags, positionals }: Proposals): readonly string[] {
  const valued = flags.filter(({ value }) => value !== null).flatMap(spellings);
  return [
    ...positionals.map((source, at) => {
      const condition = quoted(["__pm_at", name, at, ...valued].join(" "));
      return `complete -c pm -n ${condition} ${source.kind === "files" ? "-F" : `-a ${quoted(fromOf(source))}`}`;
    }),
    ...flags.map((flag) => {
      const letter = flag.letter === null ? "" : ` -s ${flag.letter}`;
      const value = flag.value === null ? "" : ` ${valueOf(flag.value)}`;
      return `complete -c pm -n ${quoted(`__fish_seen_subcommand_from ${name}`)} -l ${flag.name}${letter}${value} -d ${quoted(flag.about)}`;
    }),
  ];
}

const valueOf = (source: Source): string => (source.kind === "files" ? "-r -F" : `-x -a ${quoted(fromOf(source))}`);

function fromOf(source: Source): string {
  return source.kind === "words" ? source.words.join(" ") : `(pm __complete ${source.kind} 2>/dev/null)`;
}

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;
