import { choicesOf, type Proposals, spellings } from "./proposals.ts";

/** A script for zsh, to be saved as `_pm` in a folder of its `fpath`, or sourced. */
export function zshCompletion(commands: readonly Proposals[]): string {
  return `#compdef pm
# Completion of pm for zsh: pm completions zsh > "\${fpath[1]}/_pm", or source <(pm completions zsh)
_pm() {
  local word flag="" from="files"
  local -i position=0
  local -a flags valued found
  if (( CURRENT == 2 )); then
    found=(
${commands.map(({ name, summary }) => `      ${quoted(`${name}:${summary}`)}`).join("\n")}
    )
    _describe command found
    return
  fi
  case "\${words[2]}" in
${commands.map(flagsOf).join("\n")}
  esac
  for word in "\${(@)words[3,CURRENT-1]}"; do
    if [[ -n "$flag" ]]; then flag=""
    elif (( \${valued[(Ie)$word]} )); then flag="$word"
    elif [[ "$word" != -* ]]; then (( position += 1 )); fi
  done
  if [[ -z "$flag" && "\${words[CURRENT]}" == -* ]]; then
    _describe flag flags
    return
  fi
  case "\${words[2]} \${flag:-$position}" in
${commands.flatMap(placesOf).join("\n")}
    *) [[ -n "$flag" ]] || from="words" ;;
  esac
  case "$from" in
    files) _files ;;
    words*) compadd -- \${=from#words} ;;
    *) compadd -- \${(f)"$("\${words[1]}" __complete "$from" 2>/dev/null)"} ;;
  esac
}
if [[ "\${funcstack[1]}" == _pm ]]; then _pm "$@"; else compdef _pm pm; fi
`;
}

function flagsOf({ name, flags }: Proposals): string {
  const described = flags.map((flag) => quoted(`--${flag.name}:${flag.about}`)).join(" ");
  const valued = flags.filter(({ value }) => value !== null).flatMap(spellings);
  return `    ${name}) flags=(${described}); valued=(${valued.join(" ")}) ;;`;
}

function placesOf(proposals: Proposals): readonly string[] {
  return choicesOf(proposals).map(
    ({ places, from }) => `    ${places.map((place) => `"${proposals.name} ${place}"`).join("|")}) from="${from}" ;;`,
  );
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
