import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { farmFile, steady } from "../support/farm-file.ts";
import { pmBinary, PmProcess } from "../support/pm-process.ts";
import { SteeredPm } from "../support/steered-pm.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(10_000);

const farm = (control?: unknown): string => farmFile({ a: steady }, control === undefined ? {} : { control });
/** No variable says where the socket is. */
const fileDecides = { env: { PM_SOCKET: "" } };
const isUp = (pm: PmProcess): Promise<string> => pm.stdout.find((line) => line.endsWith("up"));

/** The pid of the pm that a command with these words reaches, and its exit code. */
async function reached(
  words: readonly string[],
  { cwd = "/", env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<{ exitCode: number; pid: unknown }> {
  const child = Bun.spawn([pmBinary, "status", "--json", ...words], {
    cwd,
    env: { ...process.env, PM_SOCKET: "", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const text = await child.stdout.text();
  return { exitCode: await child.exited, pid: text === "" ? null : JSON.parse(text).pid };
}

describe("a socket belongs to one pm", () => {
  test("a second one on the same file is refused in one line, and the first runs on", async () => {
    await using pm = new SteeredPm(farm());
    await isUp(pm);
    const pids = await pm.pids("a");
    // With the port of the first: that it is taken, too, is not what the second is to say.
    const port = Number(new URL(await pm.address()).port);
    pm.rewrite(JSON.stringify({ ...JSON.parse(farm()), http_server: { port } }));
    const second = Bun.spawn([pmBinary, "serve", join(pm.folder, "pm.yaml")], {
      cwd: pm.folder,
      env: { ...process.env, PM_SOCKET: "pm.sock" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(await second.stderr.text()).toMatch(
      new RegExp(`^pm serve: another pm \\(pid ${pm.pid}\\) runs with this socket: [^\\n]*\\n$`, "u"),
    );
    expect(await second.exited).toBe(1);
    expect(await pm.pids("a")).toEqual(pids);
    expect(await pm.stop()).toBe(0);
    expect(existsSync(pm.socket)).toBe(false);
  });

  test("that of one killed by SIGKILL is taken over", async () => {
    using folder = temporaryFolder();
    const socket = join(folder.path, "s.sock");
    {
      await using first = new PmProcess(farm({ socket }), fileDecides);
      await first.record("Control socket listening.");
    }
    expect(existsSync(socket)).toBe(true);
    await using second = new PmProcess(farm({ socket }), fileDecides);
    await second.record("Control socket listening.", { socket });
    expect(await reached(["--socket", socket])).toEqual({ exitCode: 0, pid: second.pid });
  });

  test("two farms on one host have one each, and their files tell them apart", async () => {
    using folder = temporaryFolder();
    // Where the sockets of this user lie; root's are in /run/pm.
    const env = { PM_SOCKET: "", XDG_RUNTIME_DIR: folder.path };
    await using one = new PmProcess(farm(), { env });
    await using two = new PmProcess(farm(), { env });
    await Promise.all([isUp(one), isUp(two)]);
    for (const pm of [one, two]) {
      const { socket } = (await pm.record("Control socket listening.")).context;
      expect(await reached(["--file", join(pm.folder, "pm.yaml")], { env })).toEqual({ exitCode: 0, pid: pm.pid });
      expect(await reached([], { env, cwd: pm.folder })).toEqual({ exitCode: 0, pid: pm.pid });
      expect(await reached(["--socket", String(socket)])).toEqual({ exitCode: 0, pid: pm.pid });
    }
    expect(await Promise.all([one.stop(), two.stop()])).toEqual([0, 0]);
  });

  test("--socket wins over PM_SOCKET, and PM_SOCKET over the file, for pm and its commands", async () => {
    const args = ["serve", "pm.yaml", "--socket", "flag.sock"];
    await using flag = new PmProcess(farm({ socket: "file.sock" }), { args, env: { PM_SOCKET: "variable.sock" } });
    await flag.record("Control socket listening.", { socket: join(flag.folder, "flag.sock") });
    await using variable = new PmProcess(farm({ socket: "file.sock" }), { env: { PM_SOCKET: "variable.sock" } });
    await variable.record("Control socket listening.", { socket: join(variable.folder, "variable.sock") });
    const env = { PM_SOCKET: join(variable.folder, "variable.sock") };
    expect(await reached([], { env })).toEqual({ exitCode: 0, pid: variable.pid });
    expect(await reached(["--socket", "flag.sock"], { env, cwd: flag.folder })).toEqual({ exitCode: 0, pid: flag.pid });
  });
});

describe("the rights of the socket", () => {
  test.each([
    [undefined, 0o600],
    [{ mode: "0660" }, 0o660],
  ])("control: %j", async (control, mode) => {
    await using pm = new SteeredPm(farm(control));
    await pm.record("Control socket listening.");
    expect(statSync(pm.socket).mode & 0o777).toBe(mode);
  });
});

describe("without a socket pm runs on", () => {
  test.each([["/proc/pm.sock"], ["/dev/null/pm.sock"], [`/tmp/${"x".repeat(120)}.sock`]])(
    "where none can be made: %s",
    async (socket) => {
      await using pm = new PmProcess(farm({ socket }), fileDecides);
      const { level_name, context } = await pm.record("Control socket is off.");
      expect(level_name).toBe("WARNING");
      expect(context["error"]).toContain(socket);
      await isUp(pm);
      expect(await pm.stop()).toBe(0);
    },
  );

  test("a file in its place is not touched", async () => {
    using folder = temporaryFolder();
    const socket = join(folder.path, "precious");
    writeFileSync(socket, "precious");
    await using pm = new PmProcess(farm({ socket }), fileDecides);
    const { context } = await pm.record("Control socket is off.");
    expect(context["error"]).toContain(`${socket} is there and is no socket`);
    await isUp(pm);
    expect((await reached(["--socket", socket])).exitCode).toBe(69);
    expect(await pm.stop()).toBe(0);
    expect(readFileSync(socket, "utf8")).toBe("precious");
  });

  test("control: false", async () => {
    await using pm = new PmProcess(farm(false), fileDecides);
    await isUp(pm);
    expect((await reached([], { cwd: pm.folder })).exitCode).toBe(69);
    expect(await pm.stop()).toBe(0);
    expect(pm.stderr.all.filter((line) => line.includes("Control socket"))).toEqual([]);
  });
});
