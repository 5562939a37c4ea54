import { readFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { bulkCompiler, bulkCompilerHere, bulkFile, compileBulkModule } from "../../scripts/build-bulk-enrich.ts";

const here = bulkCompilerHere();
const reason =
  here === bulkCompiler ? null : `it was made by ${bulkCompiler}, here is ${here ?? "no clang or no linker for it"}`;
if (reason !== null) console.warn(`skipping the comparison of the committed module with its source: ${reason}`);

test.skipIf(reason !== null)("the committed module is what its source compiles to, byte for byte", () => {
  expect(compileBulkModule()).toBe(readFileSync(bulkFile, "utf8"));
});
