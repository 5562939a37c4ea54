import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ledger } from "../support/ledger.ts";
import { missing } from "../support/needs.ts";
import { pmBinary } from "../support/pm-process.ts";
import { SteeredPm } from "../support/steered-pm.ts";

const reason = missing("node", "php", "php-cgi", "curl");
if (reason !== null) console.log(`The commands of the README on tasks are not tested: ${reason}`);

setDefaultTimeout(60_000);

const readme = readFileSync(join(import.meta.dir, "..", "..", "README.md"), "utf8");

/** The fenced block of a language in which these words stand. */
function block(language: string, words: string): string {
  const all = [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gmu"))];
  const found = all.map(([, text]) => text ?? "").find((text) => text.includes(words));
  if (found === undefined) throw new Error(`the README shows no such ${language}: ${words}`);
  return found;
}

function answersIn(text: string): unknown[] {
  return text
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

test.skipIf(reason !== null)("the commands of the README hand tasks to the pm.yaml of the README", async () => {
  using ledger = new Ledger();
  const { folder, script } = ledger;
  const env = {
    ...process.env,
    PM_SOCKET: join(folder, "pm.sock"),
    PATH: `${join(pmBinary, "..")}:${process.env["PATH"]}`,
  };
  const run = (command: string): string => {
    const { stdout, stderr, exitCode } = Bun.spawnSync(["sh", "-c", command], { cwd: folder, env });
    expect({ command, exitCode, stderr: stderr.toString() }).toEqual({
      command,
      exitCode: 0,
      stderr: expect.any(String),
    });
    return stdout.toString();
  };
  run("pm client node >pm-client.mjs");
  const worker = 'import { serveTasks } from "./pm-client.mjs"; await serveTasks(({ url }) => `small ${url}`);\n';
  writeFileSync(join(folder, "thumbs.mjs"), worker);
  writeFileSync(join(folder, "urls.ndjson"), '{"url":"1.jpg"}\n{"url":"2.jpg"}\n{"url":"3.jpg"}\n');
  const file = join(folder, "pm.yaml");
  const shown = block("yaml", "task_server").replace("9101", "0").replace("/app/invoice.php", script);
  writeFileSync(file, `${shown}http_server: false\n`);
  const [task = "", map = "", post = "", stream = "", ...others] = block("bash", "pm map").trim().split("\n");
  expect(others).toEqual([]);

  await using pm = new SteeredPm("", { args: ["serve", file], cwd: folder, env: { PM_SOCKET: env.PM_SOCKET } });
  await pm.record("Control socket listening.");
  expect(run(task)).toBe("small a.jpg\n"); // text as it is
  run(map);
  const small = [1, 2, 3].map((n) => ({ id: n, result: `small ${n}.jpg` }));
  expect(answersIn(readFileSync(join(folder, "thumbs.ndjson"), "utf8"))).toEqual(small);
  expect(JSON.parse(run(post))).toEqual({ id: null, result: "small a.jpg" });
  expect(answersIn(run(stream))).toMatchObject(small.map(({ result }) => ({ result })));
  expect(JSON.parse(run(`pm task invoices '"bill 7"'`))).toEqual({ done: "bill 7" });
  expect(await pm.stop()).toBe(0);
});
