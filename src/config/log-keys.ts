import { map, orNull } from "./collections.ts";
import { key, optionalKey } from "./kind.ts";
import { duration, size } from "./quantities.ts";
import { oneOf, text } from "./scalars.ts";

const placeholders = ["worker_id", "consumer", "slot", "pid", "stream"];

const fieldText = text({
  expected: "text",
  problem(value) {
    const unknown = [...value.matchAll(/\{(\w*)\}/gu)]
      .map(([, name = ""]) => name)
      .find((name) => !placeholders.includes(name));
    if (unknown === undefined) return null;
    return `holds an unknown placeholder; use only ${placeholders.map((name) => `{${name}}`).join(", ")}`;
  },
});

const fields = map(fieldText, {
  of: "field names",
  problemOfName(name) {
    if (name === "worker_id" || name === "consumer") return "pm sets this field by itself; choose another name";
    return name === "" ? "a field needs a name; write one" : null;
  },
});

const format = oneOf(["auto", "json", "raw"], { meant: { text: "auto", plain: "auto", none: "raw" } });
const maxLine = size({ minBytes: 64, maxBytes: 64 * 1024 * 1024, bareUnitBytes: 1 }); // pm holds a line whole, some times over
const partialFlush = duration({ min: 1 });

const about = {
  format: "auto adds to JSON lines and prefixes the rest; json wraps the rest in JSON; raw touches nothing.",
  fields: `More members of extra: name to text, in which ${placeholders.map((name) => `{${name}}`).join(", ")} are filled in.`,
  max_line: "A longer line is cut with a marker and counted.",
  partial_flush: "A line without its end is written after this long; null waits for the end of the line.",
};

/** `logs` at the top of the file. */
export const farmLogKeys = {
  format: key(format, "auto", about.format),
  fields: key(fields, new Map(), about.fields),
  max_line: key(maxLine, 1024 * 1024, about.max_line),
  partial_flush: key(orNull(partialFlush), null, about.partial_flush),
  on_slow_sink: key(
    oneOf(["block", "drop"]),
    "block",
    "When nobody reads pm's output: slow the workers down (block), or lose whole lines and count them (drop).",
  ),
};

/** `logs` of one consumer: what is null is taken from the top of the file, fields are added to those there. */
export const consumerLogKeys = {
  format: optionalKey(orNull(format), about.format),
  fields: key(fields, new Map(), about.fields),
  max_line: optionalKey(orNull(maxLine), about.max_line),
  partial_flush: optionalKey(orNull(partialFlush), about.partial_flush),
};
