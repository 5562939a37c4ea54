/** A key: one printable character, or a name. */
export type Key = string;

const names: Readonly<Record<string, Key>> = {
  "\u001B[A": "up",
  "\u001BOA": "up",
  "\u001B[B": "down",
  "\u001BOB": "down",
  "\u001B[C": "right",
  "\u001BOC": "right",
  "\u001B[D": "left",
  "\u001BOD": "left",
  "\u001B[H": "home",
  "\u001BOH": "home",
  "\u001B[1~": "home",
  "\u001B[F": "end",
  "\u001BOF": "end",
  "\u001B[4~": "end",
  "\u001B[5~": "page_up",
  "\u001B[6~": "page_down",
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\u001B": "escape",
  "\u007F": "backspace",
  "\b": "backspace",
  "\u0003": "ctrl-c",
  "\u000C": "ctrl-l",
  "\u001A": "ctrl-z",
};

const pasteBegins = "\u001B[200~";
const pasteEnds = "\u001B[201~";

// Escape sequences are what this file is about.
// oxlint-disable-next-line no-control-regex
const unfinished = /^\u001B(?:\[[0-?]*[ -/]*|O)?$/u;

/** A control sequence, a key with Alt, or one character. */
// oxlint-disable-next-line no-control-regex
const one = /^(?:\u001B\[[0-?]*[ -/]*[@-~]|\u001BO[^]|\u001B[^\u001B[O]|[^])/u;

/** What was typed, and the beginning of what is still on its way, to be put in front of what comes next. */
export interface Typed {
  readonly keys: readonly Key[];
  readonly rest: string;
}

/** Bytes of a terminal as keys. Keys that pm does not know are dropped, and so is all that was pasted: it was not meant as commands. */
export function decodeKeys(text: string): Typed {
  const keys: Key[] = [];
  let rest = text;
  while (rest !== "") {
    if (rest.startsWith(pasteBegins)) {
      const end = rest.indexOf(pasteEnds);
      if (end === -1) return { keys, rest: pasteBegins + rest.slice(pasteBegins.length).slice(1 - pasteEnds.length) };
      rest = rest.slice(end + pasteEnds.length);
      continue;
    }
    if (unfinished.test(rest)) return { keys, rest };
    const [sequence = ""] = one.exec(rest) ?? [];
    if (sequence === "") break;
    rest = rest.slice(sequence.length);
    const key = names[sequence] ?? (/^\P{C}$/u.test(sequence) ? sequence : null);
    if (key !== null) keys.push(key);
  }
  return { keys, rest: "" };
}

/** What a beginning was when nothing followed it: the Escape key, or nothing. A paste goes on. */
export function keysOfRest(rest: string): Typed {
  if (rest.startsWith(pasteBegins)) return { keys: [], rest };
  return { keys: rest === "\u001B" ? ["escape"] : [], rest: "" };
}
