import type { Place } from "./imported.ts";

/** One `key = value`; a value of several lines keeps its line ends. */
export interface IniEntry extends Place {
  readonly key: string;
  readonly value: string;
}

/** One `[section]`. */
export interface IniSection extends Place {
  readonly name: string;
  /** By key, in lower case; of two the last counts. */
  readonly entries: Map<string, IniEntry>;
}

/** The sections of an INI file as Python's ConfigParser reads it for supervisord, and the lines that are neither section nor key. */
export interface IniFile {
  readonly sections: readonly IniSection[];
  readonly strays: readonly IniEntry[];
}

/** Reads `[section]`, `key = value` and `key: value`, with `;` and `#` comments and indented lines that go on with a value. */
export function readIni(text: string, file: string): IniFile {
  const sections = new Map<string, IniSection>();
  const strays: IniEntry[] = [];
  let section: IniSection | null = null;
  let open: { readonly key: string; readonly indent: number } | null = null;
  for (const [index, raw] of text.split(/\r?\n/u).entries()) {
    const content = withoutComment(raw);
    const at = { file, line: index + 1 };
    if (content === "") continue;
    const indent = raw.length - raw.trimStart().length;
    const known = section !== null && open !== null ? section.entries.get(open.key) : undefined;
    if (section !== null && open !== null && known !== undefined && indent > open.indent) {
      section.entries.set(open.key, { ...known, value: `${known.value}\n${content}`.trim() });
      continue;
    }
    const name = /^\[([^\]]+)\]/u.exec(content)?.[1]?.trim();
    const [, key, value = ""] = /^([^:=]*[^:=\s])\s*[:=]\s*(.*)$/u.exec(content) ?? [];
    open = null;
    if (name !== undefined) {
      section = sections.get(name) ?? { ...at, name, entries: new Map<string, IniEntry>() };
      sections.set(name, section);
    } else if (section === null || key === undefined) strays.push({ ...at, key: content, value: "" });
    else {
      open = { key: key.toLowerCase(), indent };
      section.entries.set(open.key, { ...at, key: open.key, value });
    }
  }
  return { sections: [...sections.values()], strays };
}

/** A comment begins at `;` or `#` that is first on its line or follows a blank. */
function withoutComment(line: string): string {
  return line.replace(/(^|\s)[;#].*$/u, "").trim();
}
