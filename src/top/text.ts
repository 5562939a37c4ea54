/** One column, whatever the terminal; most of what is shown. */
const plain = /^[\u0020-\u007E]*$/u;

/** Steering, invisible and direction-changing characters, halves of surrogates, and what chooses between glyphs of different widths. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]/gu;

/**
 * Text from a worker as it may reach a terminal: colours and other escape sequences taken out whole, tabs as spaces, every other control
 * character dropped, and marks no higher than two on a letter.
 */
export function clean(text: string): string {
  if (plain.test(text)) return text;
  return Bun.stripANSI(text)
    .replace(/\t/gu, "  ")
    .normalize("NFC")
    .replace(unprintable, "")
    .replace(/(\p{M}{2})\p{M}+/gu, "$1");
}

/** Columns that a clean text takes. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Character by character: joined ones (flags, families) are drawn as one by some terminals and as several by others. */
function characterWidth(character: string): number {
  return plain.test(character) ? 1 : Bun.stringWidth(character);
}

/** At most so many columns of a clean text; what is cut ends in `…`. */
export function clip(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (text.length <= columns && plain.test(text)) return text;
  let width = 0;
  let kept = "";
  let roomForDots = "";
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) return `${roomForDots}…`;
    kept += character;
    if (width <= columns - 1) roomForDots = kept;
  }
  return kept;
}

/** The same from the other end: of a long path the end tells more. */
export function clipStart(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (widthOf(text) <= columns) return text;
  const characters = Array.from(text);
  let width = 1;
  let from = characters.length;
  while (from > 0 && width + characterWidth(characters[from - 1] ?? "") <= columns) {
    from--;
    width += characterWidth(characters[from] ?? "");
  }
  return `…${characters.slice(from).join("")}`;
}

/** Exactly so many columns. */
export function fit(text: string, columns: number, align: "left" | "right" = "left"): string {
  const clipped = clip(text, columns);
  const space = " ".repeat(Math.max(0, columns - widthOf(clipped)));
  return align === "left" ? clipped + space : space + clipped;
}
