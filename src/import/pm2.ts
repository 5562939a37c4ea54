import type { Draft } from "./draft.ts";
import type { Origin } from "./imported.ts";
import { readJsExport } from "./js-literal.ts";
import { member, type JsEntry, type JsValue } from "./js-value.ts";
import { importApp } from "./pm2-app.ts";
import { readYamlValue } from "./yaml-value.ts";

/** Imports an ecosystem file of PM2: JSON, JavaScript (never run) or YAML. */
export function importPm2(draft: Draft, origin: Origin): void {
  const root = /\.ya?ml$/u.test(origin.file) ? readYamlValue(origin.text) : readJsExport(origin.text, origin.here);
  if (root === null) {
    draft.lose({ file: origin.file, line: 1 }, "module.exports", "is not there, so there is nothing to read");
    return;
  }
  for (const app of appsOf(draft, root, origin.file)) importApp(draft, origin, app);
}

function appsOf(draft: Draft, root: JsValue, file: string): readonly JsValue[] {
  if (root.kind === "list") return root.items;
  if (root.kind !== "object") {
    loseUnreadable(draft, root, file, "the file");
    return [];
  }
  if (member(root, "script") !== null) return [root];
  for (const entry of root.entries.filter(({ key }) => key !== "apps")) {
    if (entry.value.kind === "unreadable" && entry.key === "...") loseUnreadable(draft, entry.value, file, entry.key);
    else
      draft.lose(
        { file, line: entry.line },
        keyWithMembers(entry),
        farmTexts[entry.key] ?? "is nothing that pm knows of; look whether anything needs it",
      );
  }
  const apps = member(root, "apps");
  if (apps === null) return [];
  if (apps.kind === "list") return apps.items;
  if (apps.kind !== "object") loseUnreadable(draft, apps, file, "apps");
  return apps.kind === "object" ? [apps] : [];
}

const farmTexts: Readonly<Record<string, string>> = {
  deploy: "described how PM2 copies the program to servers; pm runs what is there, so leave that to your deployment",
};

function keyWithMembers({ key, value }: JsEntry): string {
  const members = value.kind === "object" ? value.entries.map((entry) => entry.key) : [];
  return members.length === 0 ? key : `${key} (${members.join(", ")})`;
}

function loseUnreadable(draft: Draft, { line }: JsValue, file: string, key: string): void {
  draft.lose(
    { file, line },
    key,
    `can't read this expression at line ${line}, since the file is not run; write its value there and import again`,
  );
}

/** Whether a text is an ecosystem file. */
export function looksLikePm2(text: string): boolean {
  return /\bapps["']?\s*[:=]/u.test(text) || /^\s*[[{][\s\S]*["']?script["']?\s*:/u.test(text);
}
