/** The text of THIRD-PARTY-NOTICES: whose work a program carries, under which licences, and how to replace parts of it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CLibrary } from "./c-library.ts";
import type { LockedPackage } from "./lock-file.ts";

export interface NoticeTexts {
  readonly packages: readonly { readonly locked: LockedPackage; readonly licence: string }[];
  readonly bunVersion: string;
  /** What Bun's documentation says of its licences, in Markdown. */
  readonly bun: string;
  /** What the distribution says of the C library that is packed; null when it says nothing, or none is packed. */
  readonly cLibraryCopyright: string | null;
  /** The GNU Lesser General Public License, version 2.1. */
  readonly lgpl: string;
}

const rule = `\n${"=".repeat(80)}\n`;

/** The whole text. */
export function noticesOf(texts: NoticeTexts, cLibrary: CLibrary | null): string {
  return [
    `pm is under the MIT licence: see LICENSE. The programs of its releases carry the works below, under licences of their own.\n`,
    bunNotice(texts),
    ...(cLibrary === null ? [] : [glibcNotice(cLibrary, texts.cLibraryCopyright)]),
    ...texts.packages.map(
      ({ locked, licence }) => `${locked.name} ${locked.version} (${locked.license})\n\n${licence.trim()}\n`,
    ),
    texts.lgpl.trimEnd() + "\n",
  ].join(rule);
}

function bunNotice({ bun, bunVersion }: NoticeTexts): string {
  return `Bun ${bunVersion} (MIT), with JavaScriptCore (LGPL-2) and other works

What its documentation says of its licences:

${bun.replace(/^---\n.*?\n---\n/su, "").trim()}

How to replace it in pm: the sources of pm are complete, and scripts/build.ts compiles them with the Bun that runs it. With a Bun of
your own, changed and linked as above, \`npm ci\` and then \`/path/to/your/bun scripts/build.ts\` makes a pm that carries it.
`;
}

function glibcNotice({ version, build, files }: CLibrary, copyright: string | null): string {
  const origin = build === null ? "" : `; its source is the package glibc ${build.version} of ${build.distribution}`;
  return `The GNU C Library ${version} (LGPL-2.1-or-later)

Only the program \`pm\` for x86-64 Linux with glibc carries it: these files, unchanged${origin}:
${files.map(({ name }) => `  ${name}`).join("\n")}

How to replace it: \`pm-plain\`, beside \`pm\` in its archive, is the same program without these files and runs with the C library of the
machine. \`bun scripts/pack.ts pm-plain pm\`, from the sources of pm, makes a new \`pm\` of it with the C library of the machine it runs on.
${copyright === null ? "" : `\nThe distribution says of its copyright and licences:\n\n${copyright.trimEnd()}\n`}`;
}

/** The licence files of a package in this folder, and its NOTICE, one after the other; null when there are none. */
export function licenceIn(folder: string): string | null {
  const names = readdirSync(folder).filter((name) => /^(?:licen[cs]e|notice|copying)(?:\.\w+)?$/iu.test(name));
  const texts = names.toSorted().map((name) => readFileSync(join(folder, name), "utf8").trim());
  return texts.length === 0 ? null : texts.join("\n\n");
}
