import type { Place } from "./imported.ts";

/** One `Key=value` of a unit. */
export interface UnitEntry extends Place {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** The entries of a unit file in order, lines that end in a backslash joined, and the lines that are no entry (with an empty value). */
export function readUnit(text: string, file: string): { readonly entries: UnitEntry[]; readonly strays: UnitEntry[] } {
  const entries: UnitEntry[] = [];
  const strays: UnitEntry[] = [];
  let section = "";
  let joined = "";
  let start = 0;
  for (const [index, raw] of text.split(/\r?\n/u).entries()) {
    const line = raw.trim();
    // Comments may stand between joined lines.
    if (/^[#;]/u.test(line)) continue;
    if (joined === "") start = index + 1;
    if (line.endsWith("\\")) {
      joined += `${line.slice(0, -1)} `;
      continue;
    }
    const whole = `${joined}${line}`.trim();
    joined = "";
    if (whole === "") continue;
    const at = { file, line: start, section };
    const [, name] = /^\[(.+)\]$/u.exec(whole) ?? [];
    const [, key, value = ""] = /^([^=]+?)\s*=\s*(.*)$/u.exec(whole) ?? [];
    if (name !== undefined) section = name;
    else if (key === undefined || section === "") strays.push({ ...at, key: whole, value: "" });
    else entries.push({ ...at, key, value });
  }
  return { entries, strays };
}
