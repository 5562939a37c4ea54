import { choicesOf, type Proposals, spellings } from "./proposals.ts";

/** A script for bash: `source <(pm completions bash)`. */
export function bashCompletion(commands: readonly Proposals[]): string {
  return `# Completion of pm for bash: source <(pm completions bash)
_pm() {
  local line="\${COMP_LINE:0:COMP_POINT}" cur="" word="" flag="" position=0 flags="" valued="" from="files"
  local -a words=()
  local IFS=$' \\t\\n'
  read -ra words <<<"$line"
  if [[ "$line" != *[[:space:]] ]]; then
    cur="\${words[\${#words[@]}-1]}"
    unset "words[\${#words[@]}-1]"
  fi
  COMPREPLY=()
  if ((\${#words[@]} < 2)); then
    from="words ${[...commands.map(({ name }) => name), "--help", "--version"].join(" ")}"
  else
    case "\${words[1]}" in
${commands.map(flagsOf).join("\n")}
    esac
    for word in "\${words[@]:2}"; do
      if [[ -n "$flag" ]]; then flag=""
      elif [[ " $valued " == *" $word "* ]]; then flag="$word"
      elif [[ "$word" != -* ]]; then ((position += 1)); fi
    done
    if [[ -z "$flag" && "$cur" == -* ]]; then
      from="words $flags"
    else
      case "\${words[1]} \${flag:-$position}" in
${commands.flatMap(placesOf).join("\n")}
      *) [[ -n "$flag" ]] || from="words" ;;
      esac
    fi
  fi
  case "$from" in
  files) return ;;
  words*) word="\${from#words}" ;;
  *) word="$("\${words[0]}" __complete "$from" 2>/dev/null)" ;;
  esac
  compopt +o default 2>/dev/null
  # Not by compgen -W, which would run what stands in a name.
  read -rd '' -a words <<<"$word"
  for word in "\${words[@]}"; do
    if [[ "$word" == "$cur"* ]]; then COMPREPLY+=("$word"); fi
  done
  # To readline a colon ends a word, so what stands before it is there already.
  if [[ "$cur" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${cur%"\${cur##*:}"}"}")
  fi
}
complete -o default -F _pm pm
`;
}

function flagsOf({ name, flags }: Proposals): string {
  const valued = flags.filter(({ value }) => value !== null);
  const all = flags.map((flag) => `--${flag.name}`).join(" ");
  return `    ${name}) flags="${all}" valued="${valued.flatMap(spellings).join(" ")}" ;;`;
}

/** A line of the case for each argument, and each value of a flag that is no file: that is what is left. */
function placesOf(proposals: Proposals): readonly string[] {
  return choicesOf(proposals).map(
    ({ places, from }) =>
      `      ${places.map((place) => `"${proposals.name} ${place}"`).join(" | ")}) from="${from}" ;;`,
  );
}
