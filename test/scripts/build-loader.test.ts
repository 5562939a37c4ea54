import { readFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { compilerHere, compileStub, stubCompiler, stubFile } from "../../scripts/build-loader.ts";

const here = compilerHere();
const reason =
  here === stubCompiler ? null : `it was made by ${stubCompiler}, here is ${here ?? "no gcc or no objcopy"}`;
if (reason !== null) console.warn(`skipping the comparison of the committed loader with its source: ${reason}`);

test.skipIf(reason !== null)("the committed loader is what its source compiles to, byte for byte", () => {
  expect(Buffer.compare(compileStub(), readFileSync(stubFile))).toBe(0);
});

test.skipIf(here === null)(
  "the compiler refuses nothing in the loader's source, and gives a small piece of code",
  () => {
    expect(compileStub().length).toBeLessThan(8192);
  },
);
