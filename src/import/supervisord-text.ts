import { shell, variable } from "./marks.ts";

/** What `%(…)s` stands for. */
export interface Expressions {
  /** By name; a piece of shell for what differs from worker to worker. */
  readonly names: Readonly<Record<string, string | number>>;
  /** The first number of `process_num` when workers differ by it, else null. */
  readonly firstProcess: number | null;
}

/** A text with its expressions filled in, and the names of those that nobody knows. */
export interface Expanded {
  readonly text: string;
  readonly unknown: readonly string[];
}

/** Fills in `%(name)s`, `%(process_num)02d` and `%(ENV_NAME)s`; `%%` is a `%`. */
export function expand(text: string, { names, firstProcess }: Expressions): Expanded {
  const unknown: string[] = [];
  const expanded = text.replaceAll(
    /%(?:%|\((\w+)\)([-0-9]*)[sdi])/gu,
    (whole: string, name: string | undefined, width: string) => {
      if (name === undefined) return "%";
      if (name.startsWith("ENV_")) return variable(name.slice("ENV_".length));
      if (name === "host_node_name") return shell('"$(uname -n)"');
      if (name === "process_num" && firstProcess !== null) return slot(firstProcess, width);
      const value = names[name];
      if (value === undefined) unknown.push(whole);
      return value === undefined ? whole : padded(value, width);
    },
  );
  return { text: expanded, unknown };
}

const padded = (value: string | number, width: string): string =>
  String(value).padStart(Number(width), width.startsWith("0") ? "0" : " ");

/** The number of a worker: slots of pm begin at 0. */
function slot(first: number, width: string): string {
  const number = first === 0 ? "$PM_WORKER_SLOT" : `$((PM_WORKER_SLOT + ${first}))`;
  return shell(width === "" ? `"${number}"` : `"$(printf %${width}d ${number})"`);
}

/** `KEY="value",KEY2='value',KEY3=plain`, or null when it is not of this form. */
export function readPairs(text: string): Map<string, string> | null {
  const pairs = new Map<string, string>();
  let rest = text.trim();
  while (rest !== "") {
    const found = /^([^\s=,"']+)\s*=\s*("[^"]*"|'[^']*'|[^\s,"']*)\s*(?:,\s*|$)/u.exec(rest);
    if (found === null) return null;
    const [whole, name = "", value = ""] = found;
    pairs.set(name, value.replaceAll(/^["']|["']$/gu, ""));
    rest = rest.slice(whole.length);
  }
  return pairs;
}
