import { expect, test } from "bun:test";
import { clientNames, isClientName, renderClient } from "../../src/clients/client-text.ts";

test.each(clientNames.map((name) => [name]))(
  "%s is one file that says how it is used and which protocol it speaks",
  (name) => {
    expect(renderClient(name).slice(0, 400)).toContain("worker protocol version 1");
    expect(renderClient(name).slice(0, 600)).toContain(`\`pm client ${name}\``);
    expect(renderClient(name)).toEndWith("}\n".slice(name === "python" ? 1 : 0));
  },
);

test("the Symfony client opens PHP once and carries the plain client inside", () => {
  const source = renderClient("php-symfony");
  expect(source.match(/<\?php|declare\(/g)).toEqual(["<?php", "declare("]);
  expect(source.match(/^final class \w+/gm)).toEqual(["final class PmMessengerSubscriber", "final class PmClient"]);
});

test("the PHP client opens PHP once and serves tasks too", () => {
  const source = renderClient("php");
  expect(source.match(/<\?php|declare\(/g)).toEqual(["<?php", "declare("]);
  expect(source.match(/^final class \w+/gm)?.slice(0, 3)).toEqual([
    "final class PmClient",
    "final class PmTasks",
    "final class PmTask",
  ]);
});

test("only the names that can be printed are names of clients", () => {
  expect(["php", "php-symfony", "ruby", "", "toString"].filter(isClientName)).toEqual(["php", "php-symfony"]);
});
