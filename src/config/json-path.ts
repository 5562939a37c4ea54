import { escapeDollars } from "./interpolate.ts";
import type { Kind } from "./kind.ts";
import { text } from "./scalars.ts";

/** Keys and indexes from the top of a JSON document down. */
export type JsonPath = readonly (string | number)[];

/** One step: `name`, `[0]` or `["any name"]`. */
const step = /\.?([^\s.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/uy;

/** `a.b[0]["c d"]` as its steps, or null when it is no such path. */
function parseJsonPath(path: string): JsonPath | null {
  const steps: (string | number)[] = [];
  for (let at = 0; at < path.length; at = step.lastIndex) {
    step.lastIndex = at;
    const found = step.exec(path);
    if (found === null || (found[1] !== undefined && (at === 0) === found[0].startsWith("."))) return null;
    const [, name, index, quoted] = found;
    const unquoted = quoted === undefined ? name : unquote(quoted);
    if (index === undefined && unquoted === undefined) return null;
    steps.push(index === undefined ? (unquoted ?? "") : Number(index));
  }
  return steps;
}

function unquote(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return undefined;
  }
}

function formatJsonPath(path: JsonPath): string {
  const parts = path.map((part, index) => {
    if (typeof part === "number") return `[${part}]`;
    if (!/^[^\s.[\]"]+$/u.test(part)) return `[${JSON.stringify(part)}]`;
    return index === 0 ? part : `.${part}`;
  });
  return parts.join("");
}

const anyText = text({
  expected: "a path such as data.queues[0].messages",
  problem: (value) =>
    value.startsWith("$") || value === "" || parseJsonPath(value) === null
      ? 'must be keys and indexes from the top of the document, such as data.queues[0].messages or ["a b"].c; write it so'
      : null,
});

/** Where in a JSON document a value stands: `data.queues[0].messages`. */
export const jsonPath: Kind<JsonPath> = {
  read(value, path, findings) {
    const found = anyText.read(value, path, findings);
    return found === undefined ? undefined : (parseJsonPath(found) ?? undefined);
  },
  write: (value) => escapeDollars(formatJsonPath(value)),
  get schema() {
    return anyText.schema;
  },
};
