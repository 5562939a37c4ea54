import { describe, expect, test } from "bun:test";
import { type FastcgiOutcome, judgeFastcgi } from "../../src/protocol/fastcgi-verdict.ts";

const html = "Content-type: text/html; charset=UTF-8\r\n\r\n";

function judge(stdout: string, rest: Partial<FastcgiOutcome> = {}) {
  const outcome = { stdout: Buffer.from(stdout), stderr: "", applicationStatus: 0, protocolStatus: 0, ...rest };
  return judgeFastcgi(outcome);
}

describe("a good answer", () => {
  test.each([
    ["a JSON body is the result", `${html}{"a":1.0}`, '{"a":1.0}'],
    ["`result` of a JSON body is the result", `${html}{"result":{"n":1.50},"took":3}`, '{"n":1.50}'],
    ["a null error is none", `${html}{"error":null,"result":[1]}`, "[1]"],
    ["a null result is one", `${html}{"result":null}`, "null"],
    ["JSON on many lines becomes one", `${html}{\n    "result": [\n        1\n    ]\n}\n`, "[1]"],
    ["`error` deeper down is none", `${html}{"result":{"error":"x"}}`, '{"error":"x"}'],
    ["a list is the result", `${html}["error"]`, '["error"]'],
    ["text is the result as a string", `${html}done\n"really"`, '"done\\n\\"really\\""'],
    ["so is nothing", html, '""'],
    ["text beyond ASCII", `${html}grüße 😀`, '"grüße 😀"'],
    ["any 2xx will do", "Status: 204 No Content\r\n\r\n", '""'],
    ["header names in any case, lines without CR", "STATUS:201\nX-A: b\n\n1", "1"],
    ["a status in the body is no header", `${html}Status: 500`, '"Status: 500"'],
    ["a word in the middle of a line is no PHP error", `${html}no Fatal error: here`, '"no Fatal error: here"'],
    [
      "a PHP error within a JSON string was told on purpose",
      `${html}{"log":"PHP Fatal error:  x"}`,
      '{"log":"PHP Fatal error:  x"}',
    ],
  ])("%s", (_, stdout, result) => expect(judge(stdout)).toEqual({ ok: true, result }));

  test.each(["PHP Warning:  Undefined variable $x in /a.php on line 3", "PHP Deprecated:  x", "starting"])(
    "is not spoiled by %j on STDERR",
    (stderr) => expect(judge(`${html}1`, { stderr })).toEqual({ ok: true, result: "1" }),
  );
});

describe("a failure", () => {
  const uncaught = "PHP Fatal error:  Uncaught Exception: boom in /app/a.php:5\nStack trace:\n#0 {main}";
  const page = `<br />\n<b>Fatal error</b>:  Uncaught Error: &quot;x&quot; &lt; y in <b>/a.php</b>:3\nStack trace`;

  test.each<[string, string, Partial<FastcgiOutcome>, string]>([
    ["by its status", "Status: 500 Internal Server Error\r\n\r\nsorry", {}, "status 500"],
    ["by its status, JSON or not", 'Status: 404 Not Found\r\n\r\n{"result":1}', {}, "status 404"],
    ["a redirection is none that helps", "Status: 302 Found\r\nLocation: /\r\n\r\n", {}, "status 302"],
    [
      "with a hint on STDERR",
      "Status: 404\r\n\r\nFile not found.",
      { stderr: "Primary script unknown\n" },
      "status 404: Primary script unknown",
    ],
    ["by STDERR", `${html}1`, { stderr: uncaught }, "PHP Fatal error: Uncaught Exception: boom in /app/a.php:5"],
    [
      "by STDERR of php-fpm",
      `${html}1`,
      { stderr: `PHP message: ${uncaught}` },
      "PHP Fatal error: Uncaught Exception: boom in /app/a.php:5",
    ],
    [
      "by a parse error",
      html,
      { stderr: "PHP Parse error:  syntax error in /a.php on line 1" },
      "PHP Parse error: syntax error in /a.php on line 1",
    ],
    [
      "by the log of a framework",
      `${html}1`,
      { stderr: "[critical] Uncaught PHP Exception LogicException: x" },
      "Uncaught PHP Exception LogicException: x",
    ],
    ["by PHP's page with status 200", `${html}${page}`, {}, 'Fatal error: Uncaught Error: "x" < y in /a.php:3'],
    [
      "by PHP's text with status 200",
      `${html}so far\nFatal error: Allowed memory size of 1 bytes exhausted in /a.php`,
      {},
      "Fatal error: Allowed memory size of 1 bytes exhausted in /a.php",
    ],
    ["by PHP's text after a good body", `${html}{"result":1}\nPHP Parse error:  x`, {}, "PHP Parse error: x"],
    ["by the application status", `${html}{"result":1}`, { applicationStatus: 3 }, "application status 3"],
    ["by having no headers", "just text", {}, "the answer has no CGI headers"],
    ["by being empty", "", {}, "the answer has no CGI headers"],
    ["by the protocol status", html, { protocolStatus: 9 }, "the server ended with the unknown protocol status 9"],
  ])("is known %s", (_, stdout, rest, message) => {
    expect(judge(stdout, rest)).toMatchObject({ ok: false, kind: "failed", message });
  });

  test.each<[string, "failed" | "final", string, string | null]>([
    ['{"error":"no such user."}', "failed", "no such user", null],
    ['{"error":{"message":"no\\nuser","code":3}}', "failed", "no user", '{"message":"no\\nuser","code":3}'],
    ['{"error":{"message":"never","retry":false}}', "final", "never", '{"message":"never","retry":false}'],
    ['{"error":{"retry":true}}', "failed", '{"retry":true}', '{"retry":true}'],
    ['{"error":"","result":1}', "failed", "failed", null],
    ['{"error":true}', "failed", "true", null],
  ])("is what the body says: %s", (body, kind, message, details) => {
    expect(judge(`${html}${body}`)).toEqual({ ok: false, kind, message, details });
    expect(judge(`Status: 500\r\n\r\n${body}`)).toEqual({ ok: false, kind, message, details });
  });

  test.each([
    [1, "refused", "the server takes one request at a time"],
    [2, "refused", "the server is overloaded"],
    [3, "final", "the server is no FastCGI responder"],
  ] as const)("protocol status %d is %s", (protocolStatus, kind, message) => {
    expect(judge("", { protocolStatus })).toEqual({ ok: false, kind, message, details: null });
  });

  test("comes with the status, and the beginnings of STDERR and body", () => {
    const answer = judge(`Status: 500\r\n\r\n${"b".repeat(9000)}`, { stderr: "e".repeat(9000) });
    const details = answer.ok || answer.details === null ? null : JSON.parse(answer.details);
    expect(details).toEqual({ status: 500, stderr: "e".repeat(2000), body: "b".repeat(2000) });
    expect(answer.ok ? "" : answer.message).toHaveLength(500);
  });
});
