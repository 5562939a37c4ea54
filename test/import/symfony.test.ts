import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../../src/config/parse.ts";
import { importFile } from "../../src/import/import-file.ts";
import { writePmYaml } from "../../src/import/write-pm-yaml.ts";
import { checked, importText, keysOf, lossesOf } from "./import-text.ts";

const file = (consumer: string): string => `symfony_process_manager:\n  consumers:\n    a: ${consumer}\n`;

test.each([
  ["{ transports: [b, c], processes: 2 }", { transports: ["b", "c"], processes: 2 }],
  ["{ transports: b }", { cwd: ".", on_failure_limit: "exit" }],
  ["{ transports: b, consume_args: { memory_limit: 128 } }", { consume_args: { memory_limit: 128 } }],
  ["{ transports: b, on_failure_limit: park, cwd: /x }", { on_failure_limit: "park", cwd: "/x" }],
  ["{ transports: b, processes: ~ }", { transports: "b" }],
])("%s", (consumer, keys) => {
  expect(keysOf("symfony", file(consumer))).toMatchObject(keys);
  expect(checked("symfony", file(consumer))).toMatchObject({ ok: true, warnings: [] });
});

test("parameters of Symfony become variables of pm", () => {
  const text = file(
    "{ transports: ['%env(T)%-${U:-u}'], processes: '%env(int:N)%', consume_args: { extra: ['%kernel.project_dir%/x', '5%%'] } }",
  );
  const result = checked("symfony", text, { T: "t", N: "3" }, { here: "/srv/app/config/packages" });
  expect(result.ok ? result.spec.consumers[0] : result).toMatchObject({
    transports: ["t-u"],
    size: { processes: 3 },
    cwd: "/srv/app",
    command: ["php", "bin/console", "messenger:consume", "t-u", "/srv/app/x", "5%"],
  });
});

test("parameters only Symfony knows are told", () => {
  expect(lossesOf("symfony", file("{ transports: '%app.transport%' }"))).toEqual([
    "symfony_process_manager.yaml:3: transports: %app.transport% is a parameter of Symfony's container, which pm cannot see; write the value itself",
  ]);
});

test.each(["symfony_process_manager: 1\n", "symfony_process_manager: [\n", "symfony_process_manager:\n"])(
  "%j holds nothing",
  (text) => {
    expect(importText("symfony", text).consumers).toEqual([]);
    expect(lossesOf("symfony", text)).toEqual([expect.stringContaining("holds no mapping")]);
  },
);

test("a farm of the bundle is the same farm after the import", () => {
  const folder = "/srv/shop/config/packages";
  const name = "symfony_process_manager.yaml";
  const text = readFileSync(join(import.meta.dir, "..", "config", name), "utf8");
  const source = { env: {}, cwd: "/srv/shop", read: () => null };
  const before = parseConfig({ ...source, text, file: `${folder}/${name}` });
  const origin = {
    file: name,
    text,
    here: folder,
    processors: 1,
    find: () => [],
    formation: new Map<string, number>(),
  };
  const imported = importFile("symfony", { ...origin, ...source });
  const after = parseConfig({ ...source, text: writePmYaml(imported, name), file: "/srv/shop/pm.yaml" });
  const specOf = (result: typeof before): unknown => (result.ok ? { ...result.spec, file: "" } : result.issues);
  expect(specOf(after)).toEqual(specOf(before));
});
