import { shell } from "./marks.ts";
import type { Service } from "./systemd-service.ts";
import { fillSpecifiers } from "./systemd-values.ts";
import type { UnitEntry } from "./unit-file.ts";

/** Turns `ExecStart=` into the command. */
export function execCommand(entry: UnitEntry, service: Service): void {
  const { consumer, unit } = service;
  const [, prefixes = "", line = ""] = /^([-@:+!|]*)(.*)$/su.exec(entry.value) ?? [];
  if (service.words.length > 0) {
    consumer.lose(
      entry,
      entry.key,
      "is one more command, which ran after the first; a worker of pm is one program, so join them in a script",
    );
    return;
  }
  const { text, unknown } = fillSpecifiers(line, unit);
  if (unknown.length > 0)
    consumer.lose(
      entry,
      entry.key,
      `${unknown.join(", ")} depends on the machine or the user and stands in the command as it is; write its value`,
    );
  const words = splitUnit(text).map((word) => (prefixes.includes(":") ? word.text : withVariables(word)));
  if (prefixes.includes("@")) {
    words.splice(1, 1);
    consumer.lose(entry, `${entry.key} @`, "gave the program another name (argv[0]); pm does not, so it has its own");
  }
  if (prefixes.includes("-"))
    consumer.lose(entry, `${entry.key} -`, "took failures for success; write the codes into exit_codes.success");
  if (/[+!]/u.test(prefixes))
    consumer.lose(
      entry,
      `${entry.key} +`,
      "ran with full privileges; leave user out, and start pm as root, for the same",
    );
  service.words.push(...words);
}

interface UnitWord {
  readonly text: string;
  readonly quoted: boolean;
}

/** The words of a line: blanks part them, quotes and backslashes protect. Pieces of shell are kept whole. */
export function splitUnit(line: string): UnitWord[] {
  const words: UnitWord[] = [];
  const pattern = /(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\u{FDD2}[^\u{FDD3}]*\u{FDD3}|\\.|[^\s"'\\])+/gsu;
  for (const [word] of line.matchAll(pattern)) {
    const text = word.replaceAll(
      /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\u{FDD2}[^\u{FDD3}]*\u{FDD3})|\\(.)/gsu,
      (_, double?: string, single?: string, code?: string, char?: string) =>
        code ?? (char === undefined ? unescaped(double ?? single ?? "") : unescaped(`\\${char}`)),
    );
    words.push({ text, quoted: /^["']/u.test(word) });
  }
  return words;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", s: " " };

const unescaped = (text: string): string => text.replaceAll(/\\(.)/gsu, (_, char: string) => escapes[char] ?? char);

/** `$NAME` alone is split into words, `${NAME}` is one; `$$` is a dollar sign. */
function withVariables({ text, quoted }: UnitWord): string {
  if (!quoted && /^\$[A-Za-z_]\w*$/u.test(text)) return shell(text);
  return text.replaceAll(/\$\$|\$\{([A-Za-z_]\w*)\}/gu, (_, name?: string) =>
    name === undefined ? "$" : shell(`"$${name}"`),
  );
}

/** `A=b "C=d e" 'F=g'`: the variables of `Environment=`. */
export function environmentWords(line: string): [string, string][] {
  return splitUnit(line)
    .map(({ text }) => text)
    .filter((text) => text.includes("="))
    .map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]);
}
