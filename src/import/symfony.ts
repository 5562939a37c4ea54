import { isAbsolute, join } from "node:path";
import { bundleRoot } from "../config/document.ts";
import { consumerKeys } from "../config/consumer-keys.ts";
import { farmKeys } from "../config/farm-keys.ts";
import type { ConsumerDraft, Draft } from "./draft.ts";
import type { Origin, Place, YamlValue } from "./imported.ts";
import { member, type JsEntry, type JsValue } from "./js-value.ts";
import { variable } from "./marks.ts";
import { relativePath } from "./paths.ts";
import { readYamlValue } from "./yaml-value.ts";

/** Imports the file of the Symfony bundle: its keys are pm's own, under one root and with Symfony's parameters in them. */
export function importSymfony(draft: Draft, origin: Origin): void {
  const file = readYamlValue(origin.text);
  const root = file === null ? null : member(file, bundleRoot);
  if (file?.kind !== "object" || root?.kind !== "object") {
    draft.lose({ file: origin.file, line: 1 }, bundleRoot, "holds no mapping; correct the YAML and import again");
    return;
  }
  for (const { key, line } of file.entries.filter((entry) => entry.key !== bundleRoot))
    draft.lose({ file: origin.file, line }, key, whyElsewhere(key));
  const project = projectFolder(origin.here);
  for (const entry of root.entries) {
    const { key, line, value } = entry;
    if (key === "consumers" && value.kind === "object")
      for (const each of value.entries) importConsumer(draft, origin, each, project);
    else if (!Object.hasOwn(farmKeys, key)) draft.lose({ file: origin.file, line }, key, unknownKey);
    else {
      const filled = valueOf(value, entry, origin, project, draft);
      if (filled !== null) draft.farm.set(key, filled);
    }
  }
}

const unknownKey = "is no key of the bundle that pm knows; look whether anything needs it";

const whyElsewhere = (key: string): string =>
  key.startsWith("when@")
    ? "applied in one environment of Symfony only; pm has one file for each, or ${NAME} for what differs"
    : "is no part of the bundle's configuration; leave it where it is";

function importConsumer(draft: Draft, origin: Origin, entry: JsEntry, project: string): void {
  const at = { file: origin.file, line: entry.line };
  const consumer = draft.add(entry.key, `${entry.key} in ${origin.file}`, at);
  consumer.set("cwd", relativePathTo(project, origin), "the project, where bin/console is");
  consumer.set("on_failure_limit", "exit", "as the bundle does; park gives up this consumer alone");
  if (entry.value.kind !== "object") consumer.lose(at, entry.key, "is no mapping; write its keys by hand");
  for (const key of entry.value.kind === "object" ? entry.value.entries : []) importKey(consumer, origin, key, project);
}

function importKey(consumer: ConsumerDraft, origin: Origin, entry: JsEntry, project: string): void {
  const at = { file: origin.file, line: entry.line };
  if (entry.key === "poll_interval_ms")
    consumer.lose(
      at,
      entry.key,
      "was how often the bundle looked at its workers; pm reacts to events, so it is left out",
    );
  else if (!Object.hasOwn(consumerKeys, entry.key)) consumer.lose(at, entry.key, unknownKey);
  else {
    const value = valueOf(entry.value, entry, origin, project, consumer);
    if (value !== null) consumer.set(entry.key, value);
  }
}

/** The values of YAML as they are, without those that are null (which is the default). */
function valueOf(value: JsValue, entry: JsEntry, origin: Origin, project: string, losing: Losing): YamlValue | null {
  const inner = (each: JsValue): YamlValue | null => valueOf(each, entry, origin, project, losing);
  switch (value.kind) {
    case "text":
      return withoutParameters(value.text, { ...entry, file: origin.file, line: value.line }, project, losing);
    case "number":
      return value.number;
    case "flag":
      return value.flag;
    case "list":
      return value.items.map(inner).filter((item) => item !== null);
    case "object":
      return Object.fromEntries(
        value.entries.flatMap((each) => {
          const filled = inner(each.value);
          return filled === null ? [] : [[each.key, filled]];
        }),
      );
    case "nothing":
      return null;
    case "unreadable":
      losing.lose(
        { file: origin.file, line: value.line },
        entry.key,
        "is an alias that leads nowhere; write the value itself",
      );
      return null;
  }
}

interface Losing {
  lose(at: Place, key: string, text: string): void;
}

/** `%env(X)%` and `%kernel.project_dir%` as pm has them; `%%` is a `%`. `${X}` is left as pm itself would read it there. */
function withoutParameters(
  text: string,
  at: Place & { readonly key: string },
  project: string,
  losing: Losing,
): string {
  const own = text.replaceAll(/\$\{(\w+)(?::-([^}$]*))?\}/gu, (_, name: string, fallback?: string) =>
    variable(name, fallback ?? null),
  );
  return own.replaceAll(/%([^%\s]*)%/gu, (whole: string, name: string) => {
    if (name === "") return "%";
    if (name === "kernel.project_dir") return project;
    const variableName = /^env\((?:(?:int|float|bool|string):)?([A-Za-z_]\w*)\)$/u.exec(name)?.[1];
    if (variableName !== undefined) return variable(variableName);
    losing.lose(
      at,
      at.key,
      `${whole} is a parameter of Symfony's container, which pm cannot see; write the value itself`,
    );
    return whole;
  });
}

/** The folder above the nearest `config`; that of the file when there is none. */
function projectFolder(here: string): string {
  const parts = here.split("/");
  const config = parts.lastIndexOf("config");
  return config < 1 ? here : parts.slice(0, config).join("/") || "/";
}

/** The project lies above the file, and mostly where `pm import` runs. */
function relativePathTo(project: string, { cwd }: Origin): string {
  return isAbsolute(project) && (project === cwd || project.startsWith(join(cwd, "/")))
    ? relativePath(project, { here: project, cwd })
    : project;
}

/** Whether a text is a file of the bundle. */
export const looksLikeSymfony = (text: string): boolean => new RegExp(`^["']?${bundleRoot}["']?\\s*:`, "mu").test(text);
