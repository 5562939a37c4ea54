import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDockerfile } from "../../../src/cli/commands/dockerfile.ts";
import { runHealth } from "../../../src/cli/commands/health.ts";
import { runKubernetes } from "../../../src/cli/commands/k8s.ts";
import { runUnit } from "../../../src/cli/commands/unit.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "pm-cli-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text);
const args = (file: string | null = null) => ({ file, cwd, env: {} });
const unset = { image: null, name: null, namespace: null, scale: null };
const k8s = (more: Partial<Record<keyof typeof unset, string>>, file: string | null = null) =>
  runKubernetes({ ...args(file), ...unset, ...more });
const good = "consumers: {a: {command: [x]}}\n";

describe.each([
  ["pm unit", () => runUnit(args())],
  ["pm dockerfile", () => runDockerfile(args())],
  ["pm k8s", () => k8s({})],
])("%s", (_, run) => {
  test("asks for pm init when there is no file", async () => {
    expect(await run()).toMatchObject({ exitCode: 78, stdout: "", stderr: expect.stringContaining("run `pm init`") });
  });

  test("tells what is wrong with a file, and prints nothing", async () => {
    write("pm.yaml", "consumers: {a: {comand: [x]}}\n");
    const { exitCode, stdout, stderr } = await run();
    expect([exitCode, stdout]).toEqual([78, ""]);
    expect(stderr).toContain("pm.yaml:1:17: consumers.a.comand: unknown key, did you mean command?\n");
  });

  test("tells warnings beside what it prints", async () => {
    write("pm.yml", "consumers: {a: {command: [x], stop_timeout: 1m}}\n");
    const { exitCode, stdout, stderr } = await run();
    expect([exitCode, stdout === ""]).toEqual([0, false]);
    expect(stderr).toStartWith("pm.yml:1:45: warning: consumers.a.stop_timeout: ");
  });
});

test("pm unit names this pm, and the place where it was asked", async () => {
  write("pm.yaml", good);
  const { stdout } = await runUnit({ ...args(), program: "/opt/pm" });
  expect(stdout).toContain(`ExecStart=/opt/pm serve ${join(cwd, "pm.yaml")}\n`);
  expect(stdout).toContain(`WorkingDirectory=${cwd}\n`);
});

describe("pm k8s", () => {
  test.each([
    ["Mail Farm_2", "mail-farm-2"],
    ["42-is_it", "is-it"],
    ["???", "pm"],
  ])("in the folder %s names all %s", async (folder, name) => {
    mkdirSync(join(cwd, folder));
    write(join(folder, "pm.yaml"), good);
    const { stdout, stderr } = await k8s({}, join(folder, "pm.yaml"));
    const named = [...stdout.matchAll(/^  name: (.*)$/gmu)].map(([, each]) => each);
    expect(named).toEqual([name, name, name]);
    expect(stdout).toContain(`image: ${name}:latest\n`);
    expect(stderr).toStartWith(`${join(folder, "pm.yaml")}: the number of pods does not follow the load: `);
  });

  test("takes name, namespace and image", async () => {
    write("pm.yaml", good);
    const { stdout } = await k8s({ name: "mail", namespace: "prod", image: "example/mail:3" });
    expect(stdout).toContain("  name: mail\n  namespace: prod\n");
    expect(stdout).toContain("image: example/mail:3\n");
  });

  test.each([
    [{ scale: "cron" }, "--scale is hpa or keda, not cron"],
    [{ name: "Mail" }, '"Mail" is no name for Kubernetes: write up to 40 of a-z, 0-9 and -, a letter first'],
    [{ namespace: "a_b" }, '"a_b" is no name'],
    [{ name: "x".repeat(41) }, "is no name"],
  ])("refuses %p", async (more, problem) => {
    write("pm.yaml", good);
    expect(await k8s(more)).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining(problem) });
  });
});

const serve = (status: number, body: string) =>
  Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(body, { status }) });

describe("pm health", () => {
  test("is 0 when pm says that it is alive", async () => {
    using server = serve(200, '{"status":"ok"}');
    expect(await runHealth({ url: String(server.url) })).toEqual({
      exitCode: 0,
      stdout: '200 {"status":"ok"}\n',
      stderr: "",
    });
  });

  test("is 1 when the answer is another, which it shows in one line", async () => {
    using server = serve(503, `{"status":\n"not ready"}${"x".repeat(500)}`);
    const { exitCode, stdout, stderr } = await runHealth({ url: `${String(server.url)}readyz` });
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^pm health: http:\/\/\S+readyz: 503 \{"status": "not ready"\}x{200,300}\n$/u);
  });

  test("is 69 when there is no answer", async () => {
    using server = serve(200, "");
    const url = String(server.url);
    await server.stop(true);
    const { exitCode, stderr } = await runHealth({ url });
    expect(exitCode).toBe(69);
    expect(stderr).toMatch(/^pm health: no answer from \S+: [^\n]+\n$/u);
  });

  test.each(["localhost", "ftp://a/", ""])("refuses %p, which is no URL of HTTP", async (url) => {
    expect(await runHealth({ url })).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("is no URL") });
  });
});
