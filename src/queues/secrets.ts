import { isSecretName, mask, maskText } from "../config/mask.ts";
import type { QueueSpec } from "../core/farm/scaling-spec.ts";

/** All that is secret about a source: user and password of its URL, values of its query and headers, and of options with a telling name. */
export function secretsOf(spec: QueueSpec): Set<string> {
  const found = new Set<string>();
  if ("url" in spec) addUrl(spec.url, found);
  if (spec.kind === "http") for (const value of Object.values(spec.headers)) addWords(value, found);
  if (spec.kind === "command") addOptions(spec.command, found);
  found.delete("");
  return found;
}

/** The secrets in the words and the environment of a program. */
export function secretsOfCommand(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Set<string> {
  const found = new Set<string>();
  addOptions(command, found);
  for (const [name, value] of Object.entries(env)) if (value !== undefined && isSecretName(name)) found.add(value);
  found.delete("");
  return found;
}

/** What somebody else said, as one short line without any of the secrets. */
export function oneLine(text: string, secrets: ReadonlySet<string>): string {
  const [line = ""] = text.trim().split(/[\r\n]/u, 1);
  let safe = maskText(line, secrets);
  // maskText leaves short secrets inside a text; here they go too, where they are words of their own.
  for (const secret of [...secrets].toSorted((a, b) => b.length - a.length)) {
    const after = secret.length >= 4 ? "" : String.raw`(?![\p{L}\p{N}])`;
    const before = secret.length >= 4 ? "" : String.raw`(?<![\p{L}\p{N}])`;
    safe = safe.replaceAll(new RegExp(before + RegExp.escape(secret) + after, "gu"), mask);
  }
  // oxlint-disable-next-line no-control-regex -- a terminal must not obey what a server sends
  safe = safe.replaceAll(/[\u0000-\u001f\u007f]+/gu, " ");
  return safe.length > 200 ? `${safe.slice(0, 199)}…` : safe;
}

function addUrl(text: string, found: Set<string>): void {
  // Not by URL: what it refuses can still be quoted by somebody.
  const [, user = ""] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/iu.exec(text) ?? [];
  // The same where somebody forgot to escape what is special in a password.
  const [, greedy = ""] = /^[a-z][a-z0-9+.-]*:\/\/(\S*)@/iu.exec(text) ?? [];
  const parts = [user, greedy, ...user.split(/:(.*)/su), ...greedy.split(/:(.*)/su)];
  const [, query = ""] = /\?([^#]*)/u.exec(text) ?? [];
  for (const [name, value] of new URLSearchParams(query)) if (isSecretName(name)) parts.push(value);
  for (const part of parts) {
    found.add(part);
    found.add(decoded(part));
    found.add(encodeURIComponent(decoded(part)));
  }
  if (user !== "") found.add(Buffer.from(decoded(user)).toString("base64"));
}

/** A header's value, and each word of it: `Bearer abc` is quoted as `abc`. */
function addWords(value: string, found: Set<string>): void {
  for (const word of [value, ...value.split(/\s+/u).slice(1)]) found.add(word);
}

function addOptions(words: readonly string[], found: Set<string>): void {
  for (const [index, word] of words.entries()) {
    const [, name, value] = /^-{0,2}([\w.-]+)(?:=(.*))?$/su.exec(word) ?? [];
    if (name === undefined || !isSecretName(name)) continue;
    if (value !== undefined) found.add(value);
    else if (word.startsWith("-")) found.add(words[index + 1] ?? "");
  }
  for (const word of words) if (word.includes("://")) addUrl(word, found);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
