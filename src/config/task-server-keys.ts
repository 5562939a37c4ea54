import { object } from "./collections.ts";
import { host } from "./host.ts";
import { key, requiredKey } from "./kind.ts";
import { integer, text } from "./scalars.ts";

const shortestToken = 16;

const token = text({
  expected: "a token",
  problem(value) {
    if (value.length < shortestToken) {
      return `must have at least ${shortestToken} characters; make one with: openssl rand -hex 32`;
    }
    return /^[\u0021-\u007e]+$/u.test(value)
      ? null
      : "must be printable ASCII without blanks, because it is sent in a header; write another one";
  },
});

/** Where tasks may come in by TCP. */
export const taskServer = object({
  host: key(host("task_server.port"), "127.0.0.1", "Address to listen on."),
  port: key(integer({ min: 0, max: 65_535 }), 9101, "Port to listen on; 0 lets the kernel choose."),
  token: requiredKey(token, "", "What a client must send as Authorization: Bearer …; at least 16 characters."),
});
