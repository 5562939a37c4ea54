import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { farmFile, sh, steady } from "../support/farm-file.ts";
import { NotifyReceiver } from "../support/notify-receiver.ts";
import { PmProcess } from "../support/pm-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { path: folder } = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a service manager", () => {
  test.each([
    ["on a path", join(folder, "notify")],
    ["on an abstract name", `@pm-test-${crypto.randomUUID()}`],
  ])("%s hears of the start, a reload and the stop", async (_, address) => {
    await using manager = await NotifyReceiver.on(address);
    await using pm = new PmProcess(farmFile({ a: { ...steady, processes: 2 } }), {
      env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: "200000" },
    });
    await manager.hears("READY=1");
    await manager.hears("STATUS=2 of 2 workers ready, 0 busy");
    await manager.hears("WATCHDOG=1", 3);
    pm.signal("SIGHUP");
    await manager.hears("RELOADING=1\nMONOTONIC_USEC=");
    await manager.hears("READY=1", 2);
    expect(await pm.stop()).toBe(0);
    await manager.hears("STOPPING=1\nSTATUS=stopping: 2 workers still running");
    const told = manager.messages.map((text) => text.slice(0, text.indexOf("="))).filter((word) => word !== "WATCHDOG");
    expect(told.filter((word) => word !== "STATUS")).toEqual(["READY", "RELOADING", "READY", "STOPPING"]);
  });

  test("is no business of the workers", async () => {
    await using manager = await NotifyReceiver.on(join(folder, "own"));
    const env = { NOTIFY_SOCKET: join(folder, "own"), WATCHDOG_USEC: "9000000", WATCHDOG_PID: "1" };
    const command = sh("echo has:${NOTIFY_SOCKET-}${WATCHDOG_USEC-}${WATCHDOG_PID-}:; exec sleep 1000");
    await using pm = new PmProcess(farmFile({ a: { command } }), { env });
    await pm.stdout.find((line) => line.endsWith("has::"));
    await manager.hears("READY=1");
    expect(manager.messages.filter((text) => text.startsWith("WATCHDOG"))).toEqual([]);
  });

  test.each([
    ["is not there", join(folder, "nobody"), "ENOENT"],
    ["has an address of another kind", "vsock:2:1", "its address is neither a path nor an abstract name"],
  ])("that %s is told of once, and is not in the way", async (_, address, error) => {
    await using pm = new PmProcess(farmFile({ a: steady }), {
      env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: "100000" },
    });
    const message = "Service manager cannot be told how pm does.";
    await pm.record(message, { error });
    await pm.stdout.find((line) => line.endsWith("up"));
    expect(await pm.stop()).toBe(0);
    expect(pm.stderr.all.filter((line) => line.includes(message))).toHaveLength(1);
  });
});

test("within PM_STOP_GRACE pm has killed what does not stop, written its last lines and ended with 0", async () => {
  const stubborn = sh("trap '' TERM; echo up; while :; do sleep 1; done");
  const yaml = farmFile({ a: { command: stubborn, stop_timeout: 0 }, b: { command: stubborn, stop_timeout: "1h" } });
  await using pm = new PmProcess(yaml, { env: { PM_STOP_GRACE: "1s" } });
  await pm.stdout.count((line) => line.endsWith("up"), 2);
  expect(await pm.stop()).toBe(0);
  await pm.stderr.ended;
  const kills = await pm.records("Sent SIGKILL to worker after shutdown timeout.", 2);
  expect(kills.map(({ context }) => context["timeout_seconds"])).toEqual([0.5, 0.5]);
  expect(pm.stderr.all.at(-1)).toContain("Process manager stopped.");
});
