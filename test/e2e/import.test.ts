import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sampleFolder, samples } from "../import/samples.ts";
import { PmProcess, pmBinary } from "../support/pm-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe.each(samples)("pm import $file", ({ file, env, consumers }) => {
  test("makes what pm check takes", () => {
    using folder = temporaryFolder();
    const imported = Bun.spawnSync([pmBinary, "import", join(sampleFolder, file)], { cwd: folder.path });
    expect(imported.exitCode).toBe(0);
    writeFileSync(join(folder.path, "pm.yaml"), imported.stdout);
    const checked = Bun.spawnSync([pmBinary, "check"], { cwd: folder.path, env: { ...process.env, ...env } });
    expect({ exitCode: checked.exitCode, stderr: checked.stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
    const count = Object.keys(consumers).length;
    expect(checked.stdout.toString()).toMatch(new RegExp(`^pm.yaml: ok \\(${count} consumers?, `, "u"));
  });
});

test("stdin is a file, too, when its kind is named", () => {
  const stdin = Buffer.from("[program:a]\ncommand=cat\n");
  const { stdout, exitCode } = Bun.spawnSync([pmBinary, "import", "-", "--format", "supervisord"], { stdin });
  expect(exitCode).toBe(0);
  expect(stdout.toString()).toContain("\n  a:\n    command: [cat]\n");
});

test("what was imported runs: numbered as supervisord numbered it, with the same environment", async () => {
  const program = `[program:numbered]
command=sh -c 'echo "$NAME $0 $PRICE"; exec sleep 1000' n%(process_num)02d
process_name=%(program_name)s_%(process_num)02d
numprocs=2
numprocs_start=8
environment=NAME="w%(process_num)d-%(ENV_WHO)s",PRICE='5%%$\${x}'
`;
  const { stdout } = Bun.spawnSync([pmBinary, "import", "-", "--format", "supervisord"], {
    stdin: Buffer.from(program),
  });
  await using pm = new PmProcess(`http_server: { port: 0 }\n${stdout.toString()}`, { env: { WHO: "me you" } });
  for (const slot of [8, 9])
    await pm.stdout.find((line) => line.endsWith(`] w${slot}-me you n0${slot} 5%$\${x}`), `the line of ${slot}`);
  expect(await pm.stop()).toBe(0);
});
