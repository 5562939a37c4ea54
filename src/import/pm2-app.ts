import { basename, extname } from "node:path";
import { splitWords } from "../config/words.ts";
import type { ConsumerDraft, Draft } from "./draft.ts";
import type { Origin, Place } from "./imported.ts";
import { member, scalarText, type JsEntry, type JsValue } from "./js-value.ts";
import { appRules, type App } from "./pm2-keys.ts";
import { commandOfLine } from "./shell-line.ts";

/** The programs PM2 picks for scripts, by their ends. */
const interpreters: Readonly<Record<string, string>> = {
  ".sh": "bash",
  ".py": "python",
  ".rb": "ruby",
  ".php": "php",
  ".pl": "perl",
  ".js": "node",
  ".cjs": "node",
  ".mjs": "node",
  ".coffee": "coffee",
  ".ls": "lsc",
  ".ts": "bun",
  ".tsx": "bun",
};

/** Turns one of `apps` into a consumer. */
export function importApp(draft: Draft, origin: Origin, value: JsValue): void {
  const at = { file: origin.file, line: value.line };
  if (value.kind !== "object") {
    const text = `can't read this expression at line ${value.line}, since the file is not run; write the app there and import again`;
    draft.lose(at, "apps", text);
    return;
  }
  const script = first(value, "script", "exec", "cmd", "command");
  const name = scalarText(member(value, "name")) ?? (script === null ? "app" : basename(script, extname(script)));
  const consumer = draft.add(name, `the app ${JSON.stringify(name)} in ${origin.file}`, at);
  consumer.set("stop_signal", "INT", "what PM2 sends");
  const app: App = { draft, consumer, origin, value };
  setCommand(app, script, at);
  for (const entry of value.entries) importEntry(app, entry);
}

function importEntry(app: App, entry: JsEntry): void {
  const place = { file: app.origin.file, line: entry.line };
  if (entry.value.kind === "unreadable") {
    const text = `can't read this expression at line ${entry.value.line}, since the file is not run; write its value in pm.yaml`;
    app.consumer.lose(place, entry.key, text);
    return;
  }
  const rule = entry.key.startsWith("env_") ? appRules["env_*"] : appRules[entry.key];
  if (rule === undefined)
    app.consumer.lose(place, entry.key, "is no key that PM2 documents; look whether anything needs it");
  else rule(entry.value, { ...place, key: entry.key }, app);
}

function first(value: JsValue, ...keys: readonly string[]): string | null {
  return keys.map((key) => scalarText(member(value, key))).find((text) => text !== null) ?? null;
}

function setCommand({ consumer, value }: App, script: string | null, at: Place): void {
  if (script === null) {
    consumer.lose(at, "script", "is missing or unreadable; write command: here");
    return;
  }
  const args = wordsOf(first2(value, "args"), consumer, at, "args");
  if (/\s/u.test(script)) {
    const line = commandOfLine(script);
    consumer.set("command", [...line.words, ...args]);
    consumer.addEnv(line.env);
    if (line.words[0] === "sh" && args.length > 0)
      consumer.lose(at, "args", "stand behind a shell's line here; write them into it");
    return;
  }
  const given = first(value, "interpreter", "exec_interpreter");
  const interpreter = given ?? interpreters[extname(script)] ?? "none";
  const options = wordsOf(
    first2(value, "node_args", "interpreter_args", "interpreterArgs", "nodeArgs"),
    consumer,
    at,
    "interpreter_args",
  );
  if (interpreter === "none") {
    if (options.length > 0)
      consumer.lose(at, "interpreter_args", "have no interpreter to go to; write them into command");
    consumer.set("command", [script, ...args]);
  } else consumer.set("command", [interpreter, ...options, script, ...args]);
}

function first2(value: JsValue, ...keys: readonly string[]): JsValue | null {
  return keys.map((key) => member(value, key)).find((found) => found !== null) ?? null;
}

/** A list of words, or a text of them. */
function wordsOf(value: JsValue | null, consumer: ConsumerDraft, at: Place, key: string): readonly string[] {
  if (value?.kind === "list") {
    const words = value.items.map(scalarText);
    const lost = words.indexOf(null);
    if (lost !== -1)
      consumer.lose(
        { ...at, line: value.items[lost]!.line },
        key,
        `can't read this expression at line ${value.items[lost]!.line}, since the file is not run; add the word to command`,
      );
    return words.filter((word) => word !== null);
  }
  const text = scalarText(value);
  if (text === null) return [];
  const split = splitWords(text, "keep");
  if (split.ok) return split.words;
  consumer.lose({ ...at, line: value?.line ?? at.line }, key, `${split.problem}; write the words into command`);
  return [];
}
