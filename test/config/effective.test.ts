import { describe, expect, test } from "bun:test";
import { renderEffective } from "../../src/config/effective.ts";
import { farmKeys } from "../../src/config/farm-keys.ts";
import { consumerKeys } from "../../src/config/consumer-keys.ts";
import { isSecretName, mask, maskText, maskWords } from "../../src/config/mask.ts";
import { issuesOf, parse } from "./source.ts";
import { around, samples } from "./samples.ts";

/** What `pm config` prints, and the farm it was made from. */
function effective(text: string, given: Parameters<typeof parse>[1] = around) {
  const result = parse(text, given);
  if (!result.ok) throw new Error(issuesOf(result).join("\n"));
  return { spec: result.spec, text: renderEffective(result.effective) };
}

describe("renderEffective", () => {
  test.each(Object.keys(samples))("prints a pm.yaml that means the same: %s", (name) => {
    const first = effective(samples[name]!);
    expect(first.text).not.toContain(mask);
    const again = effective(first.text);
    expect(again.spec).toEqual(first.spec);
    expect(again.text).toBe(first.text);
  });

  test("names every key that has a default", () => {
    const { text } = effective(samples["smallest"]!);
    const named = new Set([...text.matchAll(/^\s*([\w-]+):/gmu)].map(([, name]) => name));
    const expected = [...Object.entries(farmKeys), ...Object.entries(consumerKeys)]
      .filter(([, key]) => !key.optional)
      .map(([name]) => name);
    expect(expected.filter((name) => !named.has(name))).toEqual([]);
  });

  test("hides what looks like a secret wherever it stands, and says so first", () => {
    const { text } = effective(
      `consumers:
  a:
    command: [x, --password=hunter2, --api-key, hunter2, "mysql://me:hunter2@db/x", "--dsn=a hunter2", "\${MY_TOKEN}"]
    env: {DB_PASSWORD: hunter2, APP_SECRET: hunter2, CACHE: "redis://:hunter2@r/hunter2@0", PLAIN: seen, DATABASE_DSN: hunter2}
    env_file: secret.env
  b: {transports: t, consume_args: {extra: [--token=hunter2]}, logs: {fields: {x: "Bearer hunter2"}}, cwd: "/x/\${MY_TOKEN}"}
`,
      { env: { MY_TOKEN: "other-secret" }, files: { "/srv/app/secret.env": "AWS_ACCESS_KEY_ID=hunter2\nSEEN=too" } },
    );
    expect(text).not.toMatch(/hunter2|other-secret/u);
    expect(text).toStartWith("# Secrets are shown as ***");
    expect(text).toContain("PLAIN: seen");
    expect(text).toContain("SEEN: too");
    expect(text).toContain("mysql://me:***@db/x");
  });
});

describe("the sources of an autoscaler", () => {
  const shown = effective(
    `consumers:
  a:
    command: [x]
    autoscaler:
      min: 0
      max: 2
      strategy:
        type: max
        of:
          - type: command
            command: [size, --token, hunter2]
          - type: queue
            per_worker: 1
            queues:
              - {redis: "redis://me:hunter2@h/1", list: l}
              - {redis: "redis://hunter2@h", list: l}
              - {sql: "postgres://me:hunter2@h/d", query: select 1}
              - {rabbitmq: "http://guest:hunter2@h:15672", queue: q}
              - {prometheus: "https://me:hunter2@h", query: up}
              - {http: "https://h/x?api_key=hunter2&seen=1", headers: {Authorization: Basic hunter2, X-Custom: hunter2, Accept: text/seen}}
              - {command: [curl, -H, "X-Auth-Token: hunter2"]}
              - {messenger: "\${TRANSPORT}"}
              - {messenger: "redis://hunter2@h/s?auth=hunter2"}
              - {messenger: {dsn: "doctrine://default", database: "mysql://me:hunter2@h/d?charset=utf8"}}
`,
    { env: { TRANSPORT: "redis://:hunter2@h" } },
  );

  test("are known with their secrets", () => {
    expect(JSON.stringify(shown.spec).match(/hunter2/gu)?.length).toBe(13);
  });

  test("are printed without them", () => {
    expect(shown.text).not.toContain("hunter2");
    for (const seen of ["redis://me:***@h/1", "http://guest:***@h:15672", "api_key=***&seen=1", "Accept: text/seen"]) {
      expect(shown.text).toContain(seen);
    }
  });
});

describe("maskText", () => {
  const none = new Set<string>();
  test.each([
    ["amqp://guest:guest@mq:5672/%2f", "amqp://guest:***@mq:5672/%2f"],
    ["redis://:p/w@h", "redis://:***@h"],
    ["https://u:p@ss@h/", "https://u:***@h/"],
    ["http://127.0.0.1:9100/x", "http://127.0.0.1:9100/x"],
    ["https://h/?token=abc&x=1", "https://h/?token=***&x=1"],
    ["sh -c API_KEY=abc exec x", "sh -c API_KEY=*** exec x"],
    ["--limit=5", "--limit=5"],
    ["Authorization: Bearer abc", "Authorization: Bearer ***"],
    ["X-Api-Key: abc def", "X-Api-Key: ***"],
    ["redis://secret@h/1", "redis://***@h/1"],
    ["postgres://me@h/d", "postgres://me@h/d"],
  ])("%s is shown as %s", (text, shown) => {
    expect(maskText(text, none)).toBe(shown);
  });

  test("a known secret is hidden wherever it stands, a very short one only where it is all", () => {
    expect(maskText("x-longer-y", new Set(["longer"]))).toBe("x-***-y");
    expect(maskText("abc", new Set(["b"]))).toBe("abc");
    expect(maskText("b", new Set(["b"]))).toBe("***");
  });

  test("the word after a secret option is hidden", () => {
    expect(maskWords(["--password", "a b", "--token", "-x", "y"], none)).toEqual([
      "--password",
      "***",
      "--token",
      "-x",
      "y",
    ]);
  });

  test.each([
    "DB_PASS",
    "password",
    "APP_SECRET",
    "GITHUB_TOKEN",
    "API_KEY",
    "CREDENTIALS",
    "MESSENGER_DSN",
    "BASIC_AUTH",
  ])("%s is a secret name", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  test.each(["APP_ENV", "PATH", "HOME", "PORT", "limit"])("%s is no secret name", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});
