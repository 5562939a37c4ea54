import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { monotonicMicroseconds, NotifySocket } from "../../src/system/notify-socket.ts";
import { NotifyReceiver } from "../support/notify-receiver.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { path: folder } = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a datagram", () => {
  test.each([
    ["a path", join(folder, "notify")],
    ["an abstract name", `@pm-test-${crypto.randomUUID()}`],
  ])("reaches %s as it is", async (_, address) => {
    await using receiver = await NotifyReceiver.on(address);
    const socket = new NotifySocket(address);
    expect(socket.send("READY=1\nSTATUS=ü\n")).toEqual({ ok: true });
    await receiver.hears("READY");
    expect(receiver.messages).toEqual(["READY=1\nSTATUS=ü\n"]);
    socket.close();
  });

  test("to nobody is told why it will not go", () => {
    const socket = new NotifySocket(join(folder, "nobody"));
    expect(socket.send("READY=1\n")).toEqual({ ok: false, busy: false, why: "ENOENT" });
    socket.close();
  });
});

test.each([
  ["vsock:2:1234", "its address is neither a path nor an abstract name"],
  [`/${"x".repeat(108)}`, "its address is too long"],
])("the address %s is refused", (address, why) => {
  expect(() => new NotifySocket(address)).toThrow(why);
});

const uptime = (): number => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1_000_000;

test("the clock is that of the kernel", () => {
  const before = monotonicMicroseconds();
  expect(monotonicMicroseconds()).toBeGreaterThanOrEqual(before);
  // Time asleep counts for the uptime only.
  expect(Number(before)).toBeLessThanOrEqual(uptime() + 20_000);
  expect(Number(before)).toBeGreaterThan(0);
});
