import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { openQueue } from "../../src/queues/open-queue.ts";
import type { QueueReading } from "../../src/queues/queue.ts";
import { goneFromProcessTable, processesWith } from "../support/marked-processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** In the environment of all that a test starts. */
let mark = "";
beforeEach(() => {
  mark = crypto.randomUUID();
});
afterEach(() => goneFromProcessTable(mark));

const surroundings = (): { cwd: string; env: Record<string, string> } => ({
  cwd: "/tmp",
  env: { PATH: process.env["PATH"] ?? "", MARK: mark, API_TOKEN: "t0ken" },
});

async function ask(command: readonly string[], timeoutMs = 5000): Promise<QueueReading> {
  const queue = openQueue({ kind: "command", command }, timeoutMs, surroundings());
  try {
    return await queue.depth();
  } finally {
    queue.close();
  }
}

const sh = (script: string): string[] => ["sh", "-c", script];

describe("a command", () => {
  test.each([
    ["prints the number", "echo 12", 12],
    ["may print it without a newline", "printf 12", 12],
    ["may complain and still answer", "echo careful >&2; echo 3", 3],
    ["may open its stderr by name", "echo careful > /dev/stderr; echo 3 > /dev/stdout", 3],
    ["reads an empty stdin", "wc -c", 0],
    ["leaves none of its helpers behind, and does not wait for them", "sleep 600 & echo 4", 4],
  ])("%s", async (_, script, depth) => {
    expect(await ask(sh(script))).toEqual({ ok: true, depth });
  });

  test("runs in the folder and with the environment it is given, and no other", async () => {
    const script = `[ "$PWD" = /tmp ] && [ "$MARK" = ${mark} ] && [ -z "$HOME" ] && echo 1`;
    expect(await ask(sh(script))).toEqual({ ok: true, depth: 1 });
  });

  test.each([
    ["no number", sh("echo many"), 'it gave "many\\n", which is no number'],
    ["nothing", sh(":"), 'it gave "", which is no number'],
    ["a failure", sh("echo 5; exit 3"), "exit code 3"],
    ["a failure with words", sh("echo; echo >&2; echo 'no broker' >&2; echo 'at line 3' >&2; exit 3"), "exit code 3"],
    ["a signal", sh("kill -9 $$"), "killed by SIGKILL"],
    [
      "a missing program",
      ["nosuch-program"],
      "the program nosuch-program was not found; install it or give its full path",
    ],
    ["what is no program", ["/etc/passwd"], "passwd may not be executed; make it executable (chmod +x)"],
    ["too many words", ["yes"], "it printed more than 4096 bytes; a number is needed"],
  ])("that comes to %s fails and says so", async (_, command, why) => {
    expect(await ask(command)).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  });

  test("that fails is told with the first line it complained in, without secrets", async () => {
    const reading = await ask(sh("echo; echo; echo 'denied for t0ken at x://u:pw@h' >&2; echo more >&2; exit 3"));
    expect(reading).toEqual({ ok: false, why: "exit code 3: denied for *** at x://u:***@h" });
  });

  test("that never ends costs no more than the time limit, and is gone with its children", async () => {
    using folder = temporaryFolder();
    const script = `mkfifo ${folder.path}/never; trap '' TERM HUP; sleep 600 & (cat ${folder.path}/never) & cat ${folder.path}/never`;
    expect(await ask(sh(script), 100)).toEqual({ ok: false, why: "no answer within 100 ms" });
    await goneFromProcessTable(mark);
  });

  test("whose helper has left its group costs no more than the time limit, and leaves no descriptor open", async () => {
    const before = openDescriptors();
    using folder = temporaryFolder();
    const script = `setsid sh -c 'mkdir ${folder.path}/gone; exec sleep 600' & until [ -d ${folder.path}/gone ]; do :; done; echo 4`;
    expect(await ask(sh(script), 500)).toEqual({ ok: false, why: "no answer within 500 ms" });
    expect(processesWith(mark).length).toBe(1); // else this would show nothing
    while (openDescriptors() > before) await new Promise(setImmediate);
    for (const pid of processesWith(mark)) process.kill(pid, "SIGKILL");
  });

  test("leaves nothing open, however often it is asked", async () => {
    await ask(sh("echo 1"));
    const before = openDescriptors();
    for (let n = 0; n < 20; n++) {
      await ask(sh("echo 1"));
      await ask(["nosuch-program"]);
    }
    while (openDescriptors() > before) await new Promise(setImmediate);
  });

  test("under way ends when the queue is closed", async () => {
    const queue = openQueue({ kind: "command", command: ["sleep", "600"] }, 60_000, surroundings());
    const reading = queue.depth();
    while (processesWith(mark).length === 0) await new Promise(setImmediate);
    queue.close();
    expect(await reading).toEqual({ ok: false, why: "it is closed" });
    await goneFromProcessTable(mark);
  });
});

test("a missing folder is named, not the program", async () => {
  const queue = openQueue({ kind: "command", command: ["true"] }, 5000, { cwd: "/nosuch/folder", env: {} });
  expect(await queue.depth()).toEqual({ ok: false, why: "the working directory /nosuch/folder is missing" });
  queue.close();
});

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
