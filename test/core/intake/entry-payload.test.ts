import { expect, test } from "bun:test";
import { payloadOf } from "../../../src/core/intake/entry-payload.ts";

test.each([
  ["json", '{"a":1.0}', '{"a":1.0}'],
  ["json", '{\r\n "a":\n12345678901234567890\n}\n', '{  "a": 12345678901234567890 }'],
  ["json", "null", "null"],
  ["text", "a\nb", String.raw`"a\nb"`],
  ["text", "", '""'],
  ["sidekiq", '{"class":"A"}', '{"class":"A"}'],
] as const)("as %s, %j becomes %s", (format, entry, payload) => {
  expect(payloadOf(entry, format)).toEqual({ ok: true, payload });
});

test.each([
  ["json", "", "it is not valid JSON"],
  ["json", "{oops", "it is not valid JSON"],
  ["sidekiq", "nonsense", "it is not valid JSON"],
  ["sidekiq", "[]", "it is not a Sidekiq job, which is a JSON object"],
  ["sidekiq", "null", "it is not a Sidekiq job, which is a JSON object"],
] as const)("as %s, %j is refused", (format, entry, why) => {
  expect(payloadOf(entry, format)).toEqual({ ok: false, why });
});
