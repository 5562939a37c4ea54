import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { FarmStatus } from "../../src/protocol/control-api.ts";
import { consumerStatus, farmStatus, workerStatus } from "../support/fake-control.ts";
import { missing } from "../support/needs.ts";
import { pmBinary, processesWith } from "../support/pm-process.ts";
import { Tmux } from "../support/tmux.ts";
import { FarmServer, logLine } from "../top/farm-server.ts";

setDefaultTimeout(30_000);

const reason = missing("tmux");
if (reason !== null) console.log(`pm top is not tried in a terminal: ${reason}`);

const workers = [0, 1, 2].map((slot) => workerStatus({ slot, worker: slot + 1, pid: 101 + slot }));
const farm = farmStatus({
  consumers: [consumerStatus({ target: 3, ready: 3, workers }), consumerStatus({ consumer: "mails" })],
});

/** `pm top` in a terminal, on this farm. The shell says `ended N` with its exit code. */
function open(server: FarmServer, { env = {}, program = pmBinary, words = "" } = {}): Tmux {
  const terminal = new Tmux(env);
  terminal.line("echo what was here before");
  terminal.line(`stty -g > ${terminal.folder}/before`);
  // The shell's own words must not look like what is waited for.
  terminal.line(
    `sh -c 'echo $$ > ${terminal.folder}/pid; exec ${program} top --socket ${server.socket} ${words}'; echo end"ed" $?`,
  );
  return terminal;
}

const topPid = (terminal: Tmux): number => Number(readFileSync(join(terminal.folder, "pid"), "utf8"));

/** The terminal is as it was before: its screen, its cursor, its modes. */
async function expectRestored(terminal: Tmux): Promise<void> {
  terminal.line(`stty -g > ${terminal.folder}/after; echo mod"es" told`);
  expect((await terminal.shows("modes told")).join("\n")).toContain("what was here before");
  expect(terminal.modes()).toBe("cursor 1 wrap 1 alternate 0");
  expect(readFileSync(join(terminal.folder, "after"), "utf8")).toBe(
    readFileSync(join(terminal.folder, "before"), "utf8"),
  );
}

describe.skipIf(reason !== null)("pm top", () => {
  test("shows the farm, its workers and what they write, and follows the size of the terminal", async () => {
    using server = new FarmServer(farm);
    server.logs = [
      logLine("\u001B[2J\u001B[31mhello\u001B[0m from worker 1"),
      logLine("from worker 2", { worker: 2, slot: 1 }),
    ];
    await using terminal = open(server);
    await terminal.shows("0 hello from worker 1");
    expect(terminal.modes()).toBe("cursor 0 wrap 0 alternate 1");
    terminal.press("Enter", "Down", "Down");
    const screen = await terminal.shows("── log of async:1 ");
    expect(screen[0]).toBe("pm 1.2.3  running  up 1m40s  /srv/pm.yaml");
    expect(screen.slice(3, 7).map((line) => line.slice(0, 26))).toEqual([
      " async           running  ",
      "   0 #1          ready    ",
      ">  1 #2          ready    ",
      "   2 #3          ready    ",
    ]);
    expect(await terminal.shows("00 from worker 2")).not.toContainEqual(expect.stringContaining("hello"));
    terminal.resize(40, 10);
    const small = await terminal.shows("? help  q quit  → workers  Tab log/even…");
    expect([small.length, Math.max(...small.map((line) => line.length))]).toEqual([10, 40]);
    terminal.resize(30, 10);
    await terminal.shows("pm top needs 40x10");
    terminal.resize(120, 30);
    await terminal.shows("RST WHY");
    terminal.press("q");
    await terminal.shows("ended 0");
    await expectRestored(terminal);
  });

  test("asks before it acts, and says what came of it", async () => {
    using server = new FarmServer(farm);
    server.answer = { status: 409, message: "async: pm is stopping" };
    await using terminal = open(server);
    await terminal.shows(">async");
    terminal.press("r");
    await terminal.shows("restart async (3 workers)? y/N");
    terminal.press("n");
    await terminal.shows("nothing done");
    terminal.press("Enter", "j", "r");
    await terminal.shows("restart async:0 (worker 1)? y/N");
    terminal.press("y");
    await terminal.shows("async: pm is stopping");
    server.answer = { status: 200, message: "async: 12 workers" };
    terminal.press("=", "1", "2", "Enter");
    await terminal.shows("scale async from 3 to 12? y/N");
    terminal.press("y");
    await terminal.shows("async: 12 workers");
    expect(server.asked).toEqual([
      { path: "/v1/consumers/async/restart", body: { by: expect.any(String), slot: 0 } },
      { path: "/v1/consumers/async/scale", body: { by: expect.any(String), size: 12 } },
    ]);
  });

  test("does nothing of what is pasted", async () => {
    using server = new FarmServer(farm);
    await using terminal = open(server);
    await terminal.shows(">async");
    terminal.paste("sysyry");
    terminal.press("j");
    await terminal.shows(">mails");
    expect(server.asked).toEqual([]);
  });

  test("stays when pm ends, and goes on when pm is back", async () => {
    using server = new FarmServer(farm);
    await using terminal = open(server, { words: "--interval 100ms" });
    await terminal.shows(">async");
    await server.kill();
    await terminal.shows("pm has ended; waiting for it to come back");
    terminal.press("r");
    await terminal.shows("no pm to ask");
    server.logs = [logLine("born again")];
    server.start();
    await terminal.shows("pm is back");
    await terminal.shows("born again");
    await server.kill();
    await terminal.shows("pm has ended");
    terminal.press("q");
    await terminal.shows("ended 0");
    await expectRestored(terminal);
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGQUIT", 131],
  ] as const)("gives the terminal back on %s", async (signal, exitCode) => {
    using server = new FarmServer(farm);
    await using terminal = open(server);
    await terminal.shows(">async");
    process.kill(topPid(terminal), signal);
    await terminal.shows(`ended ${exitCode}`);
    await expectRestored(terminal);
  });

  test("gives the terminal back when Ctrl-C is pressed", async () => {
    using server = new FarmServer(farm);
    await using terminal = open(server);
    await terminal.shows(">async");
    terminal.press("r", "C-c");
    await terminal.shows("ended 0");
    await expectRestored(terminal);
  });

  test("gives the terminal back for a bug of its own, and tells it in a line", async () => {
    using server = new FarmServer(farm);
    await using terminal = open(server);
    await terminal.shows(">async");
    server.status = { ...farm, consumers: nonsense };
    await terminal.shows("ended 70");
    expect(terminal.screen()).toContainEqual(expect.stringContaining("pm: internal error: "));
    await expectRestored(terminal);
  });

  test.each([
    ["Ctrl-Z", (terminal: Tmux) => terminal.press("C-z")],
    ["SIGTSTP", (terminal: Tmux) => process.kill(topPid(terminal), "SIGTSTP")],
  ])("gives the terminal back while it is suspended by %s, and takes it again", async (_, suspend) => {
    using server = new FarmServer(farm);
    await using terminal = open(server);
    await terminal.shows(">async");
    suspend(terminal);
    await terminal.shows("Stopped");
    await expectRestored(terminal);
    terminal.line("fg");
    await terminal.shows(">async");
    expect(terminal.modes()).toBe("cursor 0 wrap 0 alternate 1");
    terminal.press("j");
    await terminal.shows(">mails");
    terminal.press("q");
    // After a suspension the shell runs what follows without the exit code of pm.
    await expectRestored(terminal);
  });

  test("ends when its terminal does", async () => {
    using server = new FarmServer(farm);
    await using terminal = open(server);
    await terminal.shows(">async");
    expect(processesWith(terminal.mark).length).toBeGreaterThan(0);
    terminal.hangUp();
    // What is left would keep the terminal's end from coming.
  });

  test("uses no colour with NO_COLOR, and some without", async () => {
    using server = new FarmServer(farm);
    await using coloured = open(server);
    await coloured.shows(">async");
    // oxlint-disable-next-line no-control-regex
    expect(coloured.screen({ colours: true }).join("")).toMatch(/\u001B\[/u);
    await using plain = open(server, { env: { NO_COLOR: "1" } });
    await plain.shows(">async");
    // oxlint-disable-next-line no-control-regex
    expect(plain.screen({ colours: true }).join("")).not.toMatch(/\u001B/u);
  });

  test("needs a terminal that can be drawn on", async () => {
    using server = new FarmServer(farm);
    await using terminal = open(server, { program: `env TERM=dumb ${pmBinary}` });
    await terminal.shows("ended 2");
    expect(terminal.screen().join("")).toContain(
      "pm top: this terminal (TERM=dumb) can show no full screen; use pm status",
    );
  });

  test("needs a running pm", async () => {
    using server = new FarmServer(farm);
    await server.kill();
    await using terminal = open(server);
    await terminal.shows("ended 69");
    expect(terminal.modes()).toBe("cursor 1 wrap 1 alternate 0");
  });
});

/** What no pm would ever say. */
const nonsense: FarmStatus["consumers"] = JSON.parse("7");

test.each([
  ["without a terminal", [], "pm top: needs a terminal; pm status --json is for programs"],
  [
    "for an interval that is none",
    ["--interval", "soon"],
    "pm top: --interval soon: write a duration such as 500ms, 30s, 5m or 1h30m",
  ],
  ["for an interval too short", ["--interval", "1ms"], "pm top: --interval 1ms is too short; write 100ms or more"],
])("pm top ends with one line and exit code 2 %s", (_, words, line) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([pmBinary, "top", ...words]);
  expect([exitCode, stdout.toString(), stderr.toString()]).toEqual([2, "", `${line}\n`]);
});
