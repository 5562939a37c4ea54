import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runImport, type ImportArgs } from "../../../src/cli/commands/import.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { asOrdinaryUser } from "../../support/ordinary-user.ts";

async function run(files: Readonly<Record<string, string>>, args: Partial<ImportArgs> & { readonly file: string }) {
  using folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder.path, name, ".."), { recursive: true });
    writeFileSync(join(folder.path, name), text);
  }
  return runImport({ format: null, formation: null, cwd: folder.path, ...args });
}

describe("pm import", () => {
  test("prints a pm.yaml and says nothing when nothing is lost", async () => {
    const outcome = await run({ Procfile: "worker: cat -u\n" }, { file: "Procfile", formation: "worker=2" });
    expect(outcome).toEqual({
      exitCode: 0,
      stdout: `# Made by \`pm import\` from Procfile. Look through it, then run \`pm check\`; paths are relative to this file.

consumers:
  # worker of Procfile
  worker:
    command: [cat, -u]
    processes: 2
`,
      stderr: "",
    });
  });

  test("tells what is lost in one line each, and counts it", async () => {
    const text = "[program:a]\ncommand=cat\npriority=1\n[program:b]\ncommand=cat\numask=u=rwx\n";
    const { exitCode, stderr, stdout } = await run({ "x/y.conf": text }, { file: "x/y.conf" });
    expect(exitCode).toBe(0);
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^x\/y\.conf:3: priority: was the order of start and stop; /u),
      expect.stringMatching(/^x\/y\.conf:6: umask: /u),
      "pm: 2 things have no equal in pm; each stands as a comment in the pm.yaml, too",
      "",
    ]);
    expect(stdout).toMatch(/\n {2}# line 3: priority: .*\n {2}a:\n/u);
    expect(stdout).toMatch(/\n {2}# line 6: umask: .*\n {2}b:\n/u);
  });

  test("reads what a supervisord.conf includes, by patterns and by names", async () => {
    const files = {
      "s.conf": "[include]\nfiles = d/*.ini one.ini /nowhere/*.conf\n",
      "d/b.ini": "[program:b]\ncommand=b",
      "d/a.ini": "[program:a]\ncommand=a",
      "d/no.txt": "[program:no]\ncommand=no",
      "one.ini": "[program:one]\ncommand=one",
    };
    const { stdout, stderr } = await run(files, { file: "s.conf" });
    expect([...stdout.matchAll(/^ {2}(\w+):$/gmu)].map(([, name]) => name)).toEqual(["a", "b", "one"]);
    expect(stderr).toContain("s.conf:2: files: /nowhere/*.conf matches no file here");
  });

  test.each([
    ["nope", "pm: nope is not there; correct the path\n", 1],
    ["dir", "pm: dir is a directory; name the file in it\n", 1],
    [
      "empty",
      "pm: empty is no kind of file that pm import knows; add --format systemd|supervisord|symfony|pm2|procfile if it is one of these\n",
      1,
    ],
    ["pm.yaml", "pm: pm.yaml is a pm.yaml already; run `pm check` on it\n", 1],
    ["latin1.conf", "pm: latin1.conf is not UTF-8 text; save it as UTF-8\n", 1],
    ["nothing.conf", "pm: nothing.conf holds nothing to run (read as supervisord)\n", 1],
    ["-", "pm: stdin has no name to go by; add --format systemd|supervisord|symfony|pm2|procfile\n", 2],
  ])("%s is one clear line", async (file, stderr, exitCode) => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, "dir"));
    writeFileSync(join(folder.path, "empty"), "");
    writeFileSync(join(folder.path, "pm.yaml"), "consumers: {}\n");
    writeFileSync(join(folder.path, "nothing.conf"), "[supervisord]\n");
    writeFileSync(join(folder.path, "latin1.conf"), Buffer.from([0x61, 0xe9]));
    expect(await runImport({ file, format: null, formation: null, cwd: folder.path })).toEqual({
      exitCode,
      stdout: "",
      stderr,
    });
  });

  test.each([
    [{ format: "supervisor" }, 'pm: unknown format "supervisor"; did you mean supervisord?\n'],
    [{ format: "xml" }, 'pm: unknown format "xml"; use one of systemd, supervisord, symfony, pm2, procfile\n'],
    [{ formation: "web" }, 'pm: --formation "web" is not of the form web=2,worker=3\n'],
  ])("%j is wrong usage", async (args, stderr) => {
    expect(await run({ Procfile: "a: cat" }, { file: "Procfile", ...args })).toEqual({
      exitCode: 2,
      stdout: "",
      stderr,
    });
  });

  test("a file that may not be read is one line", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "Procfile"), "a: cat");
    chmodSync(join(folder.path, "Procfile"), 0);
    const outcome = await asOrdinaryUser(() =>
      runImport({ file: "Procfile", format: null, formation: null, cwd: folder.path }),
    );
    expect(outcome.stderr).toBe("pm: Procfile may not be read by this user; change its permissions\n");
  });

  test("a file of another kind than was said is told in a few lines", async () => {
    const { stderr, exitCode } = await run({ x: "junk\n".repeat(500) }, { file: "x", format: "supervisord" });
    expect(exitCode).toBe(1);
    expect(stderr.split("\n")).toHaveLength(13);
    expect(stderr).toContain("pm: … and 490 more such lines\npm: x holds nothing to run (read as supervisord)\n");
  });

  test("--format wins over the name", async () => {
    const { stdout } = await run(
      { "Procfile.conf": "[program:a]\ncommand=cat\n" },
      { file: "Procfile.conf", format: "supervisord" },
    );
    expect(stdout).toContain("[program:a] in Procfile.conf");
  });
});
