/*
 * PHP's FastCGI always ends with application status 0, and with `display_errors` it even answers 200 to a fatal error. So its words are
 * looked at, where it writes them itself: `PHP Fatal error:  …` on STDERR or in a text, `<b>Fatal error</b>:  …` in HTML.
 */

const inStderr = /\bPHP (?:Fatal|Parse) error: .*|\bUncaught \S.*/u;
const inBody = /^(?:<b>)?(?:PHP )?(?:Fatal|Parse) error(?:<\/b>)?: .*/mu;
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&", "#039": "'" };

/** The line of STDERR in which PHP, or a framework on it, says that the script failed; null when none does. */
export function phpErrorInStderr(stderr: string): string | null {
  return inStderr.exec(stderr)?.[0] ?? null;
}

/** The line of a body in which PHP printed its own fatal error, as plain text; null when there is none. */
export function phpErrorInBody(body: string): string | null {
  const line = inBody.exec(body)?.[0];
  if (line === undefined) return null;
  if (!line.startsWith("<b>")) return line;
  return line.replaceAll(/<[^>]*>/gu, "").replaceAll(/&(#?\w+);/gu, (all, name: string) => entities[name] ?? all);
}
