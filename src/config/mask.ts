/** What stands in place of a secret. */
export const mask = "***";

const secretWords =
  /PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|DSN|AUTH|PRIVATE|CERT|SALT|SIGNATURE|WEBHOOK|CONNECTION_?STRING|COOKIE|SESSION_?ID/iu;

/** Whether a variable of this name, or an option, most likely holds a secret. */
export function isSecretName(name: string): boolean {
  return secretWords.test(name);
}

/** A shorter secret is only hidden where it is the whole text, or nothing would be readable any more. */
const shortestInside = 4;

/** `text` without the secrets in it: known ones, passwords of URLs, and values of options such as `--password=…`. */
export function maskText(text: string, secrets: ReadonlySet<string>): string {
  if (secrets.has(text)) return mask;
  let masked = text;
  // The longest first, so that no part of one is left when another is inside it.
  for (const secret of [...secrets].toSorted((a, b) => b.length - a.length)) {
    if (secret.length >= shortestInside) masked = masked.replaceAll(secret, mask);
  }
  return (
    masked
      // user:password@ of a URL, up to the last @, because people forget to escape those inside.
      .replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):\S*@/giu, `$1:${mask}@`)
      // name=value of a query, an option or a variable.
      .replaceAll(
        /((?:^|[\s?&;"'])-{0,2}([A-Za-z_][\w.-]*)=)[^\s&;"']+/gu,
        (whole: string, start: string, name: string) => (isSecretName(name) ? start + mask : whole),
      )
      .replaceAll(/(\b(?:Bearer|Basic)\s+)\S+/gu, `$1${mask}`)
      // Name: value of a header.
      .replaceAll(/\b([A-Za-z][\w-]*):[ \t]+(?!Bearer |Basic )[^"'\r\n]+/gu, (whole: string, name: string) =>
        isSecretName(name) ? `${name}: ${mask}` : whole,
      )
      // Redis takes a name without a password for the password.
      .replaceAll(/(\b(?:redis|valkey)s?:\/\/)[^\s/:@]+@/giu, `$1${mask}@`)
  );
}

/** Scheme and host of a webhook's URL: whoever knows the rest can post to it. */
export function maskWebhook(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return mask;
  const { protocol, host, pathname, search, username } = parsed;
  const origin = `${protocol}//${host}`;
  return pathname === "/" && search === "" && username === "" ? origin : `${origin}/${mask}`;
}

/** An argv without secrets: also what follows `--password=` with blanks in it, or stands after `--password`. */
export function maskWords(words: readonly string[], secrets: ReadonlySet<string>): string[] {
  return words.map((word, index) => {
    const before = /^-{1,2}([\w.-]+)$/u.exec(words[index - 1] ?? "")?.[1];
    if (before !== undefined && isSecretName(before) && !word.startsWith("-")) return mask;
    const [, start, option] = /^(-{1,2}([\w.-]+)=)./su.exec(word) ?? [];
    return start !== undefined && option !== undefined && isSecretName(option) ? start + mask : maskText(word, secrets);
  });
}
