import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { readLock } from "../../scripts/release/lock-file.ts";
import { licenceIn, noticesOf, type NoticeTexts } from "../../scripts/release/notices.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(import.meta.dir, "..", "..");
const { runtime } = readLock(readFileSync(join(root, "package-lock.json"), "utf8"));

const texts: NoticeTexts = {
  packages: runtime.map((locked) => ({ locked, licence: licenceIn(join(root, locked.folder)) ?? "" })),
  bunVersion: "1.4.5",
  bun: "---\ntitle: License\n---\n\nBun itself is free.\n",
  cLibraryCopyright: "Copyright of the distribution",
  lgpl: readFileSync(join(root, "scripts/release/licences/LGPL-2.1.txt"), "utf8"),
};
const cLibrary = {
  version: "2.36",
  build: { distribution: "debian", version: "2.36-9+deb12u14" },
  files: [{ name: "libc.so.6", sha256: "0" }],
};

describe("the notices", () => {
  test("hold the licence text of every package that pm carries", () => {
    const notices = noticesOf(texts, null);
    for (const { locked, licence } of texts.packages) {
      expect(licence).toMatch(/Permission|Apache License/u);
      expect(notices).toContain(`\n${locked.name} ${locked.version} (${locked.license})\n\n${licence}\n`);
    }
  });

  test("tell what Bun carries, and how to replace it", () => {
    const notices = noticesOf(texts, null);
    expect(notices).toContain("Bun 1.4.5 (MIT), with JavaScriptCore (LGPL-2)");
    expect(notices).toContain("\nBun itself is free.\n");
    expect(notices).not.toContain("title: License");
    expect(notices).toContain("/path/to/your/bun scripts/build.ts");
  });

  test("name the C library, its files and how to replace it where one is packed, and only there", () => {
    const notices = noticesOf(texts, cLibrary);
    expect(notices).toContain("the package glibc 2.36-9+deb12u14 of debian:\n  libc.so.6\n");
    expect(notices).toContain("bun scripts/pack.ts pm-plain pm");
    expect(notices).toContain("Copyright of the distribution");
    expect(noticesOf(texts, null)).not.toContain("The GNU C Library");
  });

  test("end with the whole LGPL", () => {
    expect(noticesOf(texts, null)).toEndWith(texts.lgpl.trimEnd() + "\n");
    expect(texts.lgpl).toContain(
      "GNU LESSER GENERAL PUBLIC LICENSE\n                       Version 2.1, February 1999",
    );
    expect(texts.lgpl).toContain("END OF TERMS AND CONDITIONS");
  });
});

test("a package's licence is all its licence files, and none is told from an empty one", () => {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  for (const name of ["a", "b"]) mkdirSync(at(name));
  for (const name of ["LICENSE.md", "NOTICE", "README.md"]) writeFileSync(at(`a/${name}`), `${name}\n`);
  expect([licenceIn(at("a")), licenceIn(at("b"))]).toEqual(["LICENSE.md\n\nNOTICE", null]);
});
