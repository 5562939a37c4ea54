import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Environment } from "./interpolate.ts";
import { parseConfig, type ConfigResult } from "./parse.ts";

/** Where pm was started. */
export interface StartedIn {
  readonly env?: Environment;
  /** Absolute. */
  readonly cwd?: string;
  /** Hears the path of every other file that is read for the meaning of this one. */
  readonly onRead?: (path: string) => void;
}

/** Reads the pm.yaml at `path` and says what it means. A file that cannot be read is one issue of it, never a throw. */
export function loadConfig(
  path: string,
  { env = process.env, cwd = process.cwd(), onRead = () => {} }: StartedIn = {},
): ConfigResult {
  const unreadable = (message: string): ConfigResult => ({
    ok: false,
    issues: [{ severity: "error", file: path, line: 1, column: 1, path: "", message }],
  });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(resolve(cwd, path)));
  } catch (error) {
    return unreadable(whyUnreadable(error));
  }
  const read = (other: string): string | null => {
    onRead(other);
    return readText(other);
  };
  return parseConfig({ text, file: path, env, cwd, read });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file; run `pm init` to write one, or name another",
  ENOTDIR: "there is no such file; correct the path",
  EISDIR: "this is a directory; name the file in it",
  EACCES: "the file may not be read by this user; change its permissions",
};

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (error instanceof TypeError) return "the file is not UTF-8 text; save it as UTF-8";
  return (
    reasons[code] ??
    `the file cannot be read (${code === "" ? "unknown reason" : code}); check the path and its permissions`
  );
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Whoever asked says what it was for.
    return null;
  }
}
