import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findSocket, type FoundSocket, type SocketWish } from "../../../src/surface/control/find-socket.ts";
import { isOwnFolder, makeOwnFolder } from "../../../src/surface/control/socket-folder.ts";
import { type ControlServer, startControl } from "../../../src/surface/control/server.ts";
import { socketName } from "../../../src/surface/control/socket-path.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { FakePorts } from "./fake-ports.ts";

let folder: ReturnType<typeof temporaryFolder>;
const running: ControlServer[] = [];
const uid = process.getuid?.() ?? 0;

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  folder[Symbol.dispose]();
});

const at = (...parts: readonly string[]): string => join(folder.path, ...parts);

function file(name: string, text = "consumers: {}\n"): string {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
  return at(name);
}

async function listen(socket: string): Promise<string> {
  const options = { mode: 0o600, ports: new FakePorts(), version: "1", onBug: () => {} };
  const started = await startControl({ socket, ...options });
  if (!started.ok) throw new Error(started.message);
  running.push(started.server);
  return socket;
}

/** Starts a pm for this file where it would by itself. */
function run(path: string): Promise<string> {
  return listen(at("run", socketName(path)));
}

const find = (wish: Partial<SocketWish> = {}): Promise<FoundSocket> =>
  findSocket({ socket: null, file: null, cwd: folder.path, env: {}, uid, folders: [at("none"), at("run")], ...wish });

describe("findSocket", () => {
  test("takes what is named, whether or not anybody listens; the flag wins over PM_SOCKET", async () => {
    file("pm.yaml");
    const variable = { PM_SOCKET: "b.sock" };
    expect(await find({ socket: "a.sock", env: variable })).toEqual({ ok: true, path: at("a.sock") });
    expect(await find({ env: variable, file: "pm.yaml" })).toEqual({ ok: true, path: at("b.sock") });
    expect(await find({ socket: "/x/a.sock" })).toEqual({ ok: true, path: "/x/a.sock" });
  });

  test.each([
    ["as it stands", "control: { socket: x/pm.sock }\n"],
    ["under the root of the bundle", "symfony_process_manager: { control: { socket: x/pm.sock } }\n"],
    ["with a variable", "control: { socket: '${PLACE:-x}/pm.sock' }\n"],
    ["beside what is broken", "control: { socket: x/pm.sock }\nconsumers: 7\nshutdown_timeout: never\n"],
  ])("goes by control.socket, %s", async (_, text) => {
    const path = await listen(at("x", "pm.sock"));
    file("pm.yaml", text);
    expect(await find()).toEqual({ ok: true, path });
    expect(await find({ file: "pm.yaml", cwd: folder.path })).toEqual({ ok: true, path });
  });

  test("says what it looked for where no pm runs with the file", async () => {
    const path = file("pm.yaml");
    expect(await find()).toMatchObject({ ok: false });
    const found = await find({ file: path });
    expect(found.ok ? "" : found.message).toStartWith(
      `no pm runs with ${path}; start it with pm serve, or name a socket with --socket or PM_SOCKET`,
    );
    const missing = await find({ file: "none.yaml" });
    expect(missing.ok ? "" : missing.message).toStartWith(
      `there is no file ${at("none.yaml")}, and no pm runs with it`,
    );
  });

  test("finds the pm of the file, by whatever path it is named", async () => {
    const path = await run(file("a/pm.yaml"));
    await run(file("b/pm.yaml"));
    symlinkSync(at("a"), at("link"));
    expect(await find({ cwd: at("a") })).toEqual({ ok: true, path });
    expect(await find({ file: "link/pm.yaml" })).toEqual({ ok: true, path });
  });

  test("finds the only one that runs where no file says which, and never in place of one that is there", async () => {
    const path = await run(file("a/pm.yaml"));
    file("b/pm.yaml");
    expect(await find()).toEqual({ ok: true, path });
    const other = await find({ cwd: at("b") });
    expect(other.ok ? "" : other.message).toEndWith(`; others run: ${path}`);
  });

  test("lists several", async () => {
    const paths = [await run(file("a/pm.yaml")), await run(file("b/pm.yaml"))];
    const found = await find();
    expect(found.ok ? "" : found.message).toStartWith("several pm run here; name one with --socket or PM_SOCKET: ");
    for (const path of paths) expect(found.ok ? "" : found.message).toContain(path);
  });
});

describe("a folder for sockets", () => {
  test("is made for this user alone", () => {
    expect(makeOwnFolder(at("pm"), uid)).toBe(true);
    expect(statSync(at("pm")).mode & 0o777).toBe(0o700);
    expect(makeOwnFolder(at("pm"), uid)).toBe(true);
  });

  test.each([
    ["others may write to it", () => chmodSync(at("pm"), 0o777)],
    ["its group may write to it", () => chmodSync(at("pm"), 0o770)],
    ["it is a link", () => (rmSync(at("pm"), { recursive: true }), symlinkSync("/tmp", at("pm")))],
    ["it is a file", () => (rmSync(at("pm"), { recursive: true }), writeFileSync(at("pm"), ""))],
  ])("is not trusted when %s", (_, spoil) => {
    makeOwnFolder(at("pm"), uid);
    spoil();
    expect(isOwnFolder(at("pm"), uid)).toBe(false);
    expect(makeOwnFolder(at("pm"), uid)).toBe(false);
  });

  test("is not trusted when it belongs to another user", () => {
    makeOwnFolder(at("pm"), uid);
    expect(isOwnFolder(at("pm"), uid + 1)).toBe(false);
  });

  test("is not made where the folder above it is missing", () => {
    expect(makeOwnFolder(at("no", "pm"), uid)).toBe(false);
  });
});
