import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDecider, type Decider } from "../../src/queues/decider.ts";
import { goneFromProcessTable, processesWith } from "../support/marked-processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** In the environment of all that a test starts. */
let mark = "";
let nowMs = 0;
let folder: ReturnType<typeof temporaryFolder>;
let decider: Decider | null = null;

beforeEach(() => {
  mark = crypto.randomUUID();
  nowMs = 0;
  folder = temporaryFolder();
});
afterEach(async () => {
  decider?.close();
  decider = null;
  await goneFromProcessTable(mark);
  folder[Symbol.dispose]();
});

function open(mode: "once" | "lines", script: string, timeoutMs = 5000): Decider {
  decider = openDecider({
    command: ["sh", "-c", script],
    mode,
    timeoutMs,
    cwd: folder.path,
    env: { PATH: process.env["PATH"] ?? "", MARK: mark, API_TOKEN: "t0ken" },
    nowMs: () => nowMs,
  });
  return decider;
}

/** How often the script ran: each run adds a line to this file. */
const starts = (): number => readFileSync(join(folder.path, "starts"), "utf8").split("\n").length - 1;

describe("a program that is run for each question", () => {
  test("reads the snapshot as a line of JSON and prints the number", async () => {
    const once = open("once", "tee -a heard | wc -c");
    expect(await once.ask({ a: 1 })).toEqual({ ok: true, workers: 8 });
    expect(await once.ask({ b: "é\n" })).toEqual({ ok: true, workers: 13 });
    expect(readFileSync(join(folder.path, "heard"), "utf8")).toBe('{"a":1}\n{"b":"é\\n"}\n');
  });

  test("reads a snapshot of any size, or leaves it unread", async () => {
    const large = { text: "x".repeat(1 << 20) };
    expect(await open("once", "cat > heard; wc -c < heard | head -c 3").ask(large)).toEqual({ ok: true, workers: 104 });
    expect(await open("once", "echo 2").ask(large)).toEqual({ ok: true, workers: 2 });
  });

  test.each([
    ["a word", "echo many", 'it said "many"; a whole number of workers is needed'],
    ["nothing", ":", 'it said ""; a whole number of workers is needed'],
    ["a fraction", "echo 1.5", 'it said "1.5"; a whole number of workers is needed'],
    ["a negative number", "echo -1", 'it said "-1"; a whole number of workers is needed'],
    ["two numbers", "echo 1; echo 2", 'it said "1\\n2"; a whole number of workers is needed'],
    ["a huge number", "echo 1000000", 'it said "1000000"; more than 100000 workers is a mistake'],
    ["no end of it", "yes", "it printed more than 4096 bytes; a number is needed"],
    ["an error", "echo 'denied: t0ken' >&2; exit 7", "exit code 7: denied: ***"],
  ])("fails on %s", async (_, script, why) => {
    expect(await open("once", script).ask({})).toEqual({ ok: false, why });
  });

  test("costs no more than the time limit, and is gone with its children", async () => {
    expect(await open("once", "sleep 600 & sleep 600", 100).ask({})).toEqual({
      ok: false,
      why: "no answer within 100 ms",
    });
    await goneFromProcessTable(mark);
  });
});

describe("a program that is kept running", () => {
  const counting = "echo >> starts; ";
  const echoing = `${counting}while read -r n; do echo "\${n#*:}" | tr -d '}'; done`;

  test("answers line by line, started once, by the first question", async () => {
    const lines = open("lines", echoing);
    expect(processesWith(mark)).toEqual([]);
    const answers = [];
    for (const n of [3, 0, 7]) answers.push(await lines.ask({ n }));
    expect(answers).toEqual([3, 0, 7].map((workers) => ({ ok: true, workers })));
    expect(starts()).toBe(1);
  });

  test("gives each of several questions its own answer", async () => {
    const lines = open("lines", echoing);
    const wanted = [1, 2, 3, 4, 5];
    const answers = await Promise.all(wanted.map((n) => lines.ask({ n })));
    expect(answers).toEqual(wanted.map((workers) => ({ ok: true, workers })));
  });

  test("takes snapshots of any size", async () => {
    const lines = open("lines", `while read -r n; do echo "\${#n}"; done`);
    expect(await lines.ask({ text: "x".repeat(90_000 - 11) })).toEqual({ ok: true, workers: 90_000 });
  });

  test("fails on what is no number, and goes on", async () => {
    const lines = open("lines", `${counting}while read -r n; do echo "$n"; done`);
    expect(await lines.ask({})).toEqual({ ok: false, why: 'it said "{}"; a whole number of workers is needed' });
    expect((await lines.ask({})).ok).toBe(false);
    expect(starts()).toBe(1);
  });

  test("may complain without end beside its answers", async () => {
    const script = `while read -r n; do head -c 300000 /dev/zero >&2; echo "\${n#*:}" | tr -d '}'; done`;
    const lines = open("lines", script);
    expect([await lines.ask({ n: 1 }), await lines.ask({ n: 2 })]).toEqual([
      { ok: true, workers: 1 },
      { ok: true, workers: 2 },
    ]);
  });

  test("that answers too late is not believed, and the next question gets its own answer", async () => {
    // It answers the first question when it has heard the second.
    const lines = open("lines", `read -r a; read -r b; echo 1; echo 2; read -r c; echo 3`, 100);
    expect(await lines.ask({})).toEqual({ ok: false, why: "no answer within 100 ms" });
    expect(await lines.ask({})).toEqual({ ok: true, workers: 2 });
    expect(await lines.ask({})).toEqual({ ok: true, workers: 3 });
  });

  test("that dies fails the question with its last words, and is started again by a later one, once a second", async () => {
    const lines = open("lines", `${counting}read -r n; echo 'no broker for t0ken' >&2; exit 4`);
    const why = "it ended by itself (exit code 4: no broker for ***)";
    expect(await lines.ask({})).toEqual({ ok: false, why });
    nowMs = 999;
    expect(await lines.ask({})).toEqual({ ok: false, why });
    expect(starts()).toBe(1);
    nowMs = 1000;
    expect(await lines.ask({})).toEqual({ ok: false, why });
    expect(starts()).toBe(2);
  });

  test("whose last answer comes with its death is believed", async () => {
    const lines = open("lines", "read -r n; echo 5; exit 1");
    expect(await lines.ask({})).toEqual({ ok: true, workers: 5 });
  });

  test("that is missing fails each question, and is looked for once a second", async () => {
    writeFileSync(join(folder.path, "empty"), "");
    decider = openDecider({
      command: ["./later"],
      mode: "lines",
      timeoutMs: 5000,
      cwd: folder.path,
      env: { PATH: process.env["PATH"] ?? "", MARK: mark },
      nowMs: () => nowMs,
    });
    const why = "the program later was not found; install it or give its full path";
    expect(await decider.ask({})).toEqual({ ok: false, why });
    writeFileSync(join(folder.path, "later"), "#!/bin/sh\nwhile read -r n; do echo 6; done\n", { mode: 0o755 });
    expect(await decider.ask({})).toEqual({ ok: false, why });
    nowMs = 1000;
    expect(await decider.ask({})).toEqual({ ok: true, workers: 6 });
  });

  test("that leaves eight questions unanswered is killed, and started anew", async () => {
    const lines = open("lines", `${counting}exec sleep 600`, 20);
    for (let n = 0; n < 8; n++) expect(await lines.ask({})).toEqual({ ok: false, why: "no answer within 20 ms" });
    expect(await lines.ask({})).toEqual({ ok: false, why: "it left 8 questions unanswered and was killed" });
    await goneFromProcessTable(mark);
    nowMs = 1000;
    await lines.ask({});
    while (starts() < 2) await new Promise(setImmediate);
  });

  test("that has closed its stdin but lives on costs no more than the time limit", async () => {
    const lines = open("lines", `exec <&-; ${counting}exec sleep 600`, 100);
    const large = { text: "x".repeat(1 << 20) };
    expect([await lines.ask(large), await lines.ask(large)]).toEqual([
      { ok: false, why: "no answer within 100 ms" },
      { ok: false, why: "no answer within 100 ms" },
    ]);
    expect(starts()).toBe(1);
  });

  test("that prints a line without end is killed", async () => {
    const lines = open("lines", "read -r n; head -c 100000 /dev/zero; exec sleep 600");
    expect(await lines.ask({})).toEqual({ ok: false, why: "it printed a line longer than 4096 bytes" });
    await goneFromProcessTable(mark);
  });

  test("is gone with its children when it is closed, and a question under way fails", async () => {
    const lines = open("lines", `${counting}sleep 600 & echo >> starts; read -r n; read -r never`, 60_000);
    const answer = lines.ask({});
    while (processesWith(mark).length < 2) await new Promise(setImmediate);
    lines.close();
    lines.close();
    expect([await answer, await lines.ask({})]).toEqual([
      { ok: false, why: "it is closed" },
      { ok: false, why: "it is closed" },
    ]);
    await goneFromProcessTable(mark);
  });
});
