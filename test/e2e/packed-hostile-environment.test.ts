import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, describe, setDefaultTimeout, test } from "bun:test";
import { farmFile, sh } from "../support/farm-file.ts";
import { notPacked } from "../support/packed.ts";
import { pmBinary, PmProcess } from "../support/pm-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(30_000);

const reason = notPacked();
if (reason !== null) console.warn(`skipping a hostile environment: ${reason}`);

/** A folder whose files would take pm over, had Bun its way. */
function hostileFolder() {
  const folder = temporaryFolder();
  const foreign = 'require("node:fs").writeSync(1, "FOREIGN CODE\\n"); process.exit(99);';
  const files = {
    "foreign.cjs": foreign,
    "bunfig.toml": 'preload = ["./foreign.cjs"]\n[run]\npreload = ["./foreign.cjs"]\n',
    ".env": "PM_SOCKET=/nowhere/pm.sock\nFROM_DOTENV=1\n",
    ".env.production": "FROM_DOTENV=1\n",
    "package.json": '{"name":"hostile","type":"commonjs","main":"foreign.cjs"}',
    "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./foreign.cjs"]}}}',
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder.path, path), text);
  return folder;
}

const hostile = {
  NODE_OPTIONS: "--require ./foreign.cjs",
  BUN_OPTIONS: "--preload ./foreign.cjs",
  BUN_BE_BUN: "1",
  BUN_INSPECT: "127.0.0.1:0",
  BUN_INSPECT_PRELOAD: "./foreign.cjs",
  BUN_INSPECT_NOTIFY: "unix:///nowhere",
  BUN_CONFIG_PRELOAD: "./foreign.cjs",
  BUN_JSC_dumpOptions: "2",
  LD_PRELOAD: "/nowhere/foreign.so",
  LD_AUDIT: "/nowhere/foreign.so",
  LD_LIBRARY_PATH: "/nowhere",
  LD_DEBUG: "all",
};

describe.skipIf(reason !== null)("a hostile folder and environment", () => {
  test.each([
    ["all at once", hostile] as const,
    ...Object.entries(hostile).map((pair) => [pair[0], Object.fromEntries([pair])] as const),
  ])("change nothing for a command: %s", (_, env) => {
    using folder = hostileFolder();
    const run = Bun.spawnSync([pmBinary, "--help"], { cwd: folder.path, env: { ...process.env, ...env } });
    const help = Bun.spawnSync([pmBinary, "--help"]).stdout.toString();
    expect([run.exitCode, run.stdout.toString(), run.stderr.toString()]).toEqual([0, help, ""]);
    expect(help).toContain("serve");
  });

  test("change nothing for a farm, and its workers get the variables as they were", async () => {
    using folder = hostileFolder();
    const names = ["NODE_OPTIONS", "BUN_OPTIONS", "BUN_BE_BUN", "BUN_INSPECT", "FROM_DOTENV"] as const;
    const script = names.map((name) => `echo "${name}=$${name}"`).join("; ");
    await using pm = new PmProcess(farmFile({ a: { command: sh(script), restart: "never" } }), {
      cwd: folder.path,
      env: { ...hostile, LD_PRELOAD: "", LD_AUDIT: "", LD_DEBUG: "" }, // the shell would complain of what is not there
    });
    expect(await pm.process.exited).toBe(0);
    await Promise.all([pm.stdout.ended, pm.stderr.ended]);
    const given: Readonly<Record<string, string>> = hostile;
    expect(pm.stdout.all).toEqual(names.map((name) => `[worker 1 a] ${name}=${given[name] ?? ""}`));
    expect(pm.stderr.all.filter((line) => !line.startsWith("{"))).toEqual([]);
  });
});
