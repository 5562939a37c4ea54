import { boundLabel, otherLabel } from "./bounded-label.ts";

/** Classes that get a series of their own, and answers that are remembered. */
const maxClasses = 1_000;

/**
 * Makes the label `message_class` out of the class of a message.
 *
 * With an empty whitelist it is the class itself. Otherwise it is the class when an entry matches the whole of it, and `other`
 * when none does: `*` stands for any characters, `?` for one, everything else (backslashes too) for itself.
 * Either way only the first 1,000 different classes keep their names and later ones are `other`, so that names made up at
 * run time cannot grow the page without bound.
 */
export function messageClassLabel(whitelist: readonly string[]): (messageClass: string) => string {
  const bounded = boundLabel(maxClasses);
  if (whitelist.length === 0) return bounded;

  const globs = whitelist.map((glob) => Array.from(glob));
  const answers = new Map<string, string>();
  return (messageClass) => {
    const known = answers.get(messageClass);
    if (known !== undefined) return known;
    const text = Array.from(messageClass);
    const answer = globs.some((glob) => matches(glob, text)) ? bounded(messageClass) : otherLabel;
    if (answers.size < maxClasses) answers.set(messageClass, answer);
    return answer;
  };
}

/** Only the last `*` is ever tried again, which is enough and keeps the cost at glob × text at most. */
function matches(glob: readonly string[], text: readonly string[]): boolean {
  let g = 0;
  let t = 0;
  let star: { readonly g: number; t: number } | null = null;
  while (t < text.length) {
    if (glob[g] === "*") {
      star = { g, t };
      g += 1;
    } else if (g < glob.length && (glob[g] === "?" || glob[g] === text[t])) {
      g += 1;
      t += 1;
    } else if (star !== null) {
      star.t += 1;
      g = star.g + 1;
      t = star.t;
    } else return false;
  }
  return glob.slice(g).every((character) => character === "*");
}
