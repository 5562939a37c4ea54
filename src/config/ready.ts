import type { ReadySpec } from "../core/farm/spec.ts";
import type { Findings } from "./findings.ts";
import { escapeDollars } from "./interpolate.ts";
import type { Path } from "./issue.ts";
import type { Kind } from "./kind.ts";
import { duration } from "./quantities.ts";
import { orFilledIn } from "./scalars.ts";
import { nearest } from "./suggest.ts";

const delay = duration({ min: 0 });
const forms = "started, protocol, {after: 2s} or {log: regular expression}";

/** When a fresh worker counts as ready: a word, a mapping with one key, or the same in one text (`"after: 2s"`). */
export const readiness: Kind<ReadySpec> = {
  read(value, path, findings) {
    if (value === "started" || value === "protocol") return { when: value };
    if (value instanceof Map) {
      const [[name, inner] = [], ...others] = [...value];
      if (typeof name !== "string" || others.length > 0)
        return findings.error(path, `must hold one key; write ${forms}`);
      if (inner === undefined) return undefined;
      return condition(name, inner, [...path, name], findings);
    }
    const inOne = typeof value === "string" ? /^(after|log):\s*(.+)$/su.exec(value) : null;
    if (inOne !== null) return condition(inOne[1]!, inOne[2], path, findings);
    const near = typeof value === "string" && !findings.hidden(path) ? nearest(value, ["started", "protocol"]) : null;
    return findings.mismatch(path, value, forms, near === null ? undefined : `did you mean ${near}?`);
  },
  write(value) {
    if (value.when === "after") return { after: delay.write(value.delayMs) };
    return value.when === "log" ? { log: escapeDollars(value.pattern) } : value.when;
  },
  schema: orFilledIn({
    anyOf: [
      { enum: ["started", "protocol"] },
      { type: "string", pattern: "^(after|log):" },
      { type: "object", properties: { after: delay.schema }, required: ["after"], additionalProperties: false },
      { type: "object", properties: { log: { type: "string" } }, required: ["log"], additionalProperties: false },
    ],
  }),
};

function condition(name: string, value: unknown, path: Path, findings: Findings): ReadySpec | undefined {
  if (name === "after") {
    const delayMs = delay.read(value, path, findings);
    return delayMs === undefined ? undefined : { when: "after", delayMs };
  }
  if (name !== "log") return findings.error(path, `unknown key; write ${forms}`, "key");
  if (typeof value !== "string" || value === "")
    return findings.mismatch(path, value, "a regular expression that a line of output matches");
  const problem = problemOfPattern(value);
  if (problem === null) return { when: "log", pattern: value };
  const shown = findings.hidden(path) ? "" : ` (${problem})`;
  return findings.error(
    path,
    `is not a valid regular expression${shown}; correct it, and escape ( [ { * + ? with a backslash where they stand for themselves`,
  );
}

function problemOfPattern(pattern: string): string | null {
  try {
    void new RegExp(pattern);
    return null;
  } catch (error) {
    // The reason follows the pattern in the engine's message.
    return (error instanceof Error ? error.message : "").split(": ").at(-1) ?? "";
  }
}
