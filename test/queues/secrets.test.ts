import { expect, test } from "bun:test";
import type { QueueSpec } from "../../src/core/farm/scaling-spec.ts";
import { oneLine, secretsOf, secretsOfCommand } from "../../src/queues/secrets.ts";

const http = (url: string, headers: Record<string, string> = {}): QueueSpec => ({
  kind: "http",
  url,
  headers,
  path: [],
});
const basic = Buffer.from("bob:p ss").toString("base64");

test.each<[string, QueueSpec, string]>([
  ["a password", http("http://bob:hunter2@h/"), "login hunter2 failed"],
  ["a user", http("http://bob:hunter2@h/"), `no role "bob"`],
  ["a short password", http("http://bob:xy@h/"), "login xy failed"],
  ["a password as it is escaped", http("http://bob:p%20ss@h/"), "login p%20ss failed"],
  ["a password without its escapes", http("http://bob:p%20ss@h/"), "login p ss failed"],
  ["user and password as they are sent", http("http://bob:p%20ss@h/"), `bad credentials ${basic}`],
  ["a password nobody escaped", http("http://bob:p/s#s@h/"), "cannot connect to p/s#s"],
  ["a token of the query", http("http://h/?api_token=hunter2"), "no such token hunter2"],
  ["a header's value", http("http://h/", { "x-anything": "hunter2" }), "got hunter2"],
  ["a word of a header's value", http("http://h/", { authorization: "Bearer hunter2" }), "got hunter2"],
  ["a value of an option", { kind: "command", command: ["q", "--password=hunter2"] }, "login hunter2 failed"],
  ["a word after an option", { kind: "command", command: ["q", "--token", "hunter2"] }, "login hunter2 failed"],
  ["a URL among the words", { kind: "command", command: ["q", "x://bob:hunter2@h"] }, "login hunter2 failed"],
])("%s is hidden", (_, spec, said) => {
  const line = oneLine(said, secretsOf(spec));
  expect(line).toContain("***");
  expect(line).not.toMatch(/hunter2|bob|xy|ss\b/u);
});

test("the environment of a command is hidden where its names tell", () => {
  const secrets = secretsOfCommand(["q"], { DB_PASSWORD: "hunter2", HOME: "/root" });
  expect(oneLine("denied: hunter2 in /root", secrets)).toBe("denied: *** in /root");
});

test.each([
  ["only the first line is kept", "one\n  at stack (file:1)\n", "one"],
  ["a long one is cut", "x".repeat(500), `${"x".repeat(199)}…`],
  ["what a terminal would obey is taken out", "red \u001B[31mtext\u0007", "red  [31mtext "],
  ["a URL of somebody else loses its password", "cannot reach amqp://u:hunter2@h", "cannot reach amqp://u:***@h"],
])("%s", (_, said, line) => {
  expect(oneLine(said, new Set())).toBe(line);
});

test("a secret of one letter is hidden as a word, not in other words", () => {
  const spec = http("http://u:u@h/");
  expect(oneLine("the server has no user u, nor 'u'", secretsOf(spec))).toBe("the server has no user ***, nor '***'");
});
