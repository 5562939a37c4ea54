/** What a release is made for. */
import * as v from "valibot";

export interface Target {
  /** In the names of archives: `pm-VERSION-NAME.tar.gz`. */
  readonly name: string;
  /** As `bun build --target` names it. */
  readonly bun: string;
  /** The package that Bun comes in for it; its version is that of the lock file. */
  readonly runtime: string;
  /** What does not work, or was not done, there; the script and the README tell it. Null when there is nothing to tell. */
  readonly lacks: string | null;
}

const unpacked = "carries no C library (scripts/loader is for x86-64 with glibc)";
const needsMusl = "carries no C library: needs musl and libstdc++ on the machine";
const macos = "`pm serve` needs Linux; signed ad hoc, not notarized";

/** In the order they are built and told. */
export const targets: readonly Target[] = [
  { name: "linux-x64", bun: "bun-linux-x64", runtime: "@oven/bun-linux-x64", lacks: null },
  { name: "linux-x64-musl", bun: "bun-linux-x64-musl", runtime: "@oven/bun-linux-x64-musl", lacks: needsMusl },
  { name: "linux-arm64", bun: "bun-linux-arm64", runtime: "@oven/bun-linux-aarch64", lacks: unpacked },
  { name: "linux-arm64-musl", bun: "bun-linux-arm64-musl", runtime: "@oven/bun-linux-aarch64-musl", lacks: needsMusl },
  { name: "darwin-x64", bun: "bun-darwin-x64", runtime: "@oven/bun-darwin-x64", lacks: macos },
  { name: "darwin-arm64", bun: "bun-darwin-arm64", runtime: "@oven/bun-darwin-aarch64", lacks: macos },
];

/** The targets of these names, in order; all without any. Or one line on the name that is wrong. */
export function chooseTargets(names: readonly string[]): readonly Target[] | string {
  const wrong = names.find((name) => !targets.some((target) => target.name === name));
  if (wrong !== undefined)
    return `there is no target "${wrong}"; choose of ${targets.map(({ name }) => name).join(", ")}`;
  return names.length === 0 ? targets : targets.filter(({ name }) => names.includes(name));
}

const reportSchema = v.object({ header: v.object({ glibcVersionRuntime: v.optional(v.string()) }) });

/** The name of the target that programs of this machine are, known to the table or not. */
export function targetHere(): string {
  const { header } = v.parse(reportSchema, process.report.getReport());
  const musl = process.platform === "linux" && header.glibcVersionRuntime === undefined;
  return `${process.platform}-${process.arch}${musl ? "-musl" : ""}`;
}
