import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { tryConnect } from "../../../src/surface/control/client.ts";
import { type ControlServer, type ControlStart, startControl } from "../../../src/surface/control/server.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { FakePorts } from "./fake-ports.ts";
import { asOrdinaryUser } from "../../support/ordinary-user.ts";

let folder: ReturnType<typeof temporaryFolder>;
let socket: string;
const running: ControlServer[] = [];
const bun = process.execPath;

beforeEach(() => {
  folder = temporaryFolder();
  socket = join(folder.path, "pm.sock");
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  folder[Symbol.dispose]();
});

async function start(path = socket, mode = 0o600): Promise<ControlStart> {
  const started = await startControl({
    socket: path,
    mode,
    ports: new FakePorts(),
    version: "1",
    onBug: (error) => {
      throw error;
    },
  });
  if (started.ok) running.push(started.server);
  return started;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** Leaves behind what a pm leaves that was killed: its socket, and its lock file. */
async function leaveBehind(path: string): Promise<void> {
  const code = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  await Bun.spawn([bun, "-e", code]).exited;
  writeFileSync(`${path}.lock`, "1\n");
}

describe("a control socket", () => {
  test.each([0o600, 0o660, 0o666])("is made with the rights %o, whatever the umask", async (mode) => {
    const before = process.umask(0o077);
    expect((await start(socket, mode)).ok).toBe(true);
    expect(process.umask(before)).toBe(0o077);
    expect(modeOf(socket)).toBe(mode);
  });

  test("lies in a folder for this user alone, where pm makes it", async () => {
    const path = join(folder.path, "a", "b", "pm.sock");
    expect((await start(path)).ok).toBe(true);
    expect(modeOf(join(folder.path, "a", "b"))).toBe(0o700);
  });

  test("is gone when the server has stopped, and can be made again", async () => {
    for (let round = 0; round < 3; round++) {
      const started = await start();
      expect(started.ok).toBe(true);
      if (started.ok) await started.server.stop();
      expect(existsSync(socket)).toBe(false);
      expect(existsSync(`${socket}.lock`)).toBe(false);
    }
  });

  test("of a pm that is dead is taken over", async () => {
    await leaveBehind(socket);
    expect(existsSync(socket)).toBe(true);
    expect((await start()).ok).toBe(true);
    expect(await tryConnect(socket)).toBeNull();
  });

  test("of a pm that lives is respected", async () => {
    await start();
    expect(await start()).toEqual({
      ok: false,
      reason: "taken",
      message: `another pm (pid ${process.pid}) runs with this socket: ${socket}; use --socket or control.socket`,
    });
    expect(await tryConnect(socket)).toBeNull();
  });

  test("is taken by one of many that start at the same time", async () => {
    await leaveBehind(socket);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => start()));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await tryConnect(socket)).toBeNull();
  });

  test("of another program that listens there without a lock is respected", async () => {
    const other = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    other.listen(socket, resolve);
    await promise;
    expect(await start()).toMatchObject({ ok: false, reason: "taken" });
    expect(await tryConnect(socket)).toBeNull();
    other.close();
  });

  test("that another has put in its place meanwhile is left alone at the end", async () => {
    const started = await start();
    rmSync(socket);
    const other = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    other.listen(socket, resolve);
    await promise;
    if (started.ok) await started.server.stop();
    expect(await tryConnect(socket)).toBeNull();
    other.close();
  });
});

describe("no control socket is made, and nothing is removed, where", () => {
  test.each([
    ["there is a file", (path: string) => writeFileSync(path, "mine"), "is there and is no socket"],
    ["there is a folder", (path: string) => mkdirSync(path), "is there and is no socket"],
    ["there is a link", (path: string) => symlinkSync("/nowhere", path), "is there and is no socket"],
    ["its folder is a file", (path: string) => writeFileSync(join(path, ".."), "x"), "a part of the path is no folder"],
    ["its lock is a link", (path: string) => symlinkSync("/nowhere", `${path}.lock`), "it is a symbolic link"],
  ])("%s", async (what, prepare, why) => {
    const path = what === "its folder is a file" ? join(folder.path, "file", "pm.sock") : socket;
    prepare(path);
    const started = await start(path);
    expect(started).toMatchObject({ ok: false, reason: "unavailable" });
    const message = started.ok ? "" : started.message;
    expect(message).toContain(why);
    expect(message).toContain(path);
    expect(message).not.toContain("\n");
    if (what === "there is a file") expect(readFileSync(path, "utf8")).toBe("mine");
  });

  test("the path is too long for the kernel", async () => {
    const path = join(folder.path, "x".repeat(120));
    expect(await start(path)).toMatchObject({ ok: false, reason: "unavailable" });
    const started = await start(path);
    expect(started.ok ? "" : started.message).toStartWith(
      `the path of the control socket has ${path.length} bytes, and the kernel takes 107: ${path}; use a shorter one`,
    );
  });

  test("the longest path that the kernel takes is taken", async () => {
    const path = join(folder.path, "x".repeat(107 - folder.path.length - 1));
    expect(path.length).toBe(107);
    expect((await start(path)).ok).toBe(true);
  });

  test("the folder may not be written", async () => {
    chmodSync(folder.path, 0o500);
    const started = await asOrdinaryUser(() => start());
    chmodSync(folder.path, 0o700);
    expect(started.ok ? "" : started.message).toContain("no permission");
  });

  test("the system is read-only", async () => {
    const started = await start("/proc/pm/pm.sock");
    expect(started).toMatchObject({ ok: false, reason: "unavailable" });
    expect(started.ok ? "" : started.message).toStartWith("cannot make /proc/pm/pm.sock: ");
  });
});
