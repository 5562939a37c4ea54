import { expect, test } from "bun:test";
import { requester, requesterOf } from "../../../src/cli/control/requester.ts";

const accounts = "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/sh\n";

test.each([
  ["the one behind sudo", { sudoUser: "bob", uid: 0 }, "bob"],
  ["the account of the process, whatever USER says", { uid: 1000, user: "mallory" }, "alice"],
  ["USER for an account that is not in the file", { uid: 4711, user: "carol" }, "carol"],
  ["a number where there is no name", { uid: 4711 }, "uid 4711"],
  ["a name that would steer a terminal", { sudoUser: "x\u001B[2J", uid: 0 }, "x\\u001b[2J"],
])("%s", (_, changes, name) => {
  expect(requesterOf({ sudoUser: "", user: "", accounts, ...changes })).toBe(name);
});

test("there is always a name that pm takes", () => {
  expect(requester()).toMatch(/^[^\p{Cc}]{1,100}$/u);
});
