/** The whole test suite: format, lint, types, the build, then all tests; closes with one line that counts them. Arguments go to `bun test`. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const folder = mkdtempSync(join(tmpdir(), "pm-junit-"));
const report = join(folder, "junit.xml");

function run(command: readonly string[]): number {
  console.log(`$ ${command.map((word) => word.replace(process.execPath, "bun")).join(" ")}`);
  return Bun.spawnSync([...command], { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).exitCode;
}

const checks = [["oxfmt", "--check"], ["oxlint", "--type-aware"], ["tsc"], [process.execPath, "scripts/build.ts"]].map(
  (command) => ({ command, exitCode: run(command) }),
);
const failedChecks = checks.filter(({ exitCode }) => exitCode !== 0);

const tests = run([
  process.execPath,
  "test",
  "--isolate",
  "--timeout=60000", // bunfig.toml's has no effect in Bun 1.4.5
  "--reporter=junit",
  `--reporter-outfile=${report}`,
  ...(process.env["CI"] === undefined ? [] : ["--only-failures"]), // the end of a long log then tells why, not only that
  ...process.argv.slice(2),
]);
const counts = readCounts(report);
rmSync(folder, { recursive: true });

for (const { command } of failedChecks) console.log(`failed: ${command.join(" ").replace(process.execPath, "bun")}`);
const failed = counts.failed + failedChecks.length + (tests !== 0 && counts.failed === 0 ? 1 : 0);
const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
console.log(`${counts.passed + checks.length - failedChecks.length} passed, ${failed} failed${skipped}`);
process.exit(failed === 0 && counts.passed > 0 ? 0 : 1);

function readCounts(file: string): { passed: number; failed: number; skipped: number } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }; // no test ran at all, which the exit code tells
  }
  const [head = ""] = /<testsuites[^>]*>/u.exec(text) ?? [];
  const number = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`, "u").exec(head)?.[1] ?? 0);
  const failedTests = number("failures") + number("errors");
  return {
    passed: number("tests") - failedTests - number("skipped"),
    failed: failedTests,
    skipped: number("skipped"),
  };
}
