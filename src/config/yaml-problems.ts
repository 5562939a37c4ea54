import type { ErrorCode } from "yaml";

const advice: Readonly<Partial<Record<ErrorCode, string>>> = {
  ALIAS_PROPS: "an alias (*name) cannot have an anchor or a tag; remove it",
  BAD_ALIAS: "the alias is misspelt; write *name, without a colon at the end",
  BAD_DIRECTIVE: "unknown % directive; remove the line",
  BAD_DQ_ESCAPE: "unknown escape in double quotes; double the backslash, or use single quotes",
  BAD_INDENT: "the indentation does not fit the lines above; align it with its siblings and close every [ and {",
  BAD_SCALAR_START: "a value cannot begin with this character; put the value in quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "a second `key:` on one line; put a value that holds ': ' in quotes, or move the inner key to its own line, indented",
  BLOCK_IN_FLOW: "indented lines cannot stand inside [ ] or { }; write the list or mapping one item a line instead",
  MISSING_CHAR: "something is not closed or parted; look for a missing quote, comma, ] or }",
  MULTILINE_IMPLICIT_KEY:
    "a key must end on its own line; look for a missing colon, or for text continued without quotes",
  MULTIPLE_ANCHORS: "two anchors (&name) on one value; remove one",
  MULTIPLE_DOCS: "a second YAML document begins here; keep one document in the file",
  MULTIPLE_TAGS: "two tags (!name) on one value; remove them",
  TAB_AS_INDENT: "indentation by a tab; use spaces",
  TAG_RESOLVE_FAILED: "pm knows no such tag (!name); remove it and write the plain value",
  UNEXPECTED_TOKEN: "text where YAML expects none; quote the value, or fix the indentation",
};

/** What a problem of YAML itself means to the person who wrote the file. `line` is the text of the line it is on. */
export function explainYamlProblem(code: ErrorCode, line: string): string {
  if (code === "UNEXPECTED_TOKEN" && /[[{].*\$\{/u.test(line)) {
    return "YAML cannot read a bare ${…} inside [ ] or { }; put it in quotes";
  }
  return advice[code] ?? `this is not valid YAML (${code.toLowerCase().replaceAll("_", " ")}); fix or remove it`;
}
