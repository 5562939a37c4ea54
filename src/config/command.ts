import { list } from "./collections.ts";
import type { Kind } from "./kind.ts";
import { text } from "./scalars.ts";
import { splitWords } from "./words.ts";

const argv = list(text({ expected: "text" }), { of: "words", atLeastOne: true });

/** The argv of a worker: a list, or a text that is split into words without a shell. */
export const commandLine: Kind<readonly string[]> = {
  read(value, path, findings) {
    if (typeof value !== "string") {
      if (!Array.isArray(value))
        return findings.mismatch(path, value, 'words such as [php, worker.php] or "php worker.php"');
      const words = argv.read(value, path, findings);
      if (words?.[0] !== "") return words;
      return findings.error([...path, 0], "the program must not be empty; name it");
    }
    const split = splitWords(value);
    if (!split.ok) return findings.error(path, split.problem);
    if (split.words.length === 0 || split.words[0] === "")
      return findings.error(path, "must not be empty; name a program");
    return split.words;
  },
  write: (value) => argv.write(value),
  get schema() {
    return { anyOf: [{ type: "string", minLength: 1 }, argv.schema] };
  },
};
