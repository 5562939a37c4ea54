import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceSpec } from "../../src/core/farm/spec.ts";
import { SourceProgram } from "../../src/runtime/source-program.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { goneFromProcessTable, processesWith } from "../support/marked-processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** In the environment of all that a test starts. */
let mark = "";
let folder = temporaryFolder();
beforeEach(() => {
  mark = crypto.randomUUID();
  folder = temporaryFolder();
});
afterEach(async () => {
  await goneFromProcessTable(mark);
  folder[Symbol.dispose]();
});

/** A program, its time, and all that is heard of it: `document X`, `failed X`, `recovered`, `said X`. */
class Rehearsal implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly events: string[] = [];
  readonly watched = new Set<number>();
  readonly program: SourceProgram;
  readonly #waiting = new Set<() => void>();
  readonly #isLimited: boolean;

  constructor(script: string | readonly string[], spec: Partial<SourceSpec> = {}, env: Record<string, string> = {}) {
    const hear = (event: string): void => {
      this.events.push(event);
      for (const wake of this.#waiting) wake();
    };
    const command = typeof script === "string" ? ["sh", "-c", script] : script;
    this.#isLimited = spec.mode !== "push";
    this.program = new SourceProgram(
      { command, mode: "poll", intervalMs: 30_000, timeoutMs: 60_000, cwd: folder.path, ...spec },
      {
        clock: this.clock,
        random: () => 0,
        env: { PATH: process.env["PATH"] ?? "", MARK: mark, ...env },
        guardian: { watch: (pid) => this.watched.add(pid), forget: (pid) => this.watched.delete(pid) },
        heard: (document) => hear(`document ${document.trim()}`),
        failed: (error) => hear(`failed ${error}`),
        recovered: () => hear("recovered"),
        said: (line) => hear(`said ${line}`),
      },
    );
  }

  /** Waits until so many events have come, and gives them all. */
  async heard(count: number): Promise<string[]> {
    await until(this.#waiting, () => this.events.length >= count);
    return this.events;
  }

  /** As `heard`, while time passes, but none of a run that has a time limit. */
  async heardInTime(count: number): Promise<string[]> {
    await this.inTime(() => this.events.length >= count);
    return this.events;
  }

  /** Lets time pass until something holds, but none of a run that has a time limit. */
  async inTime(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (!this.#isLimited || this.watched.size === 0) this.clock.advance(100);
      await new Promise(setImmediate);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.program.stop();
    while (Bun.peek.status(stopped) === "pending") {
      this.clock.advance(100);
      await new Promise(setImmediate);
    }
    await stopped;
  }
}

async function until(waiting: Set<() => void>, reached: () => boolean): Promise<void> {
  while (!reached()) {
    await new Promise<void>((resolve) => {
      waiting.add(resolve);
    });
    waiting.clear();
  }
}

/** Looks again and again: what happens in the kernel tells nobody. */
async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

const file = (name: string): string => join(folder.path, name);
const read = (name: string): string => {
  try {
    return readFileSync(file(name), "utf8");
  } catch {
    return "";
  }
};
const lines = (name: string): number => read(name).split("\n").length - 1;

describe("poll", () => {
  test("hands on what a run prints, and runs again an interval after its end", async () => {
    await using it = new Rehearsal("echo run >> runs; cat document");
    writeFileSync(file("document"), "one");
    it.program.start();
    expect(await it.heard(1)).toEqual(["document one"]);
    writeFileSync(file("document"), "two");
    it.clock.advance(29_999);
    expect(lines("runs")).toBe(1);
    it.clock.advance(1);
    expect(await it.heard(2)).toEqual(["document one", "document two"]);
  });

  test("a document that is the one before is not passed on", async () => {
    await using it = new Rehearsal("echo run >> runs; cat document");
    writeFileSync(file("document"), "one");
    it.program.start();
    await it.heard(1);
    it.clock.advance(30_000);
    await eventually(() => it.watched.size === 0 && lines("runs") === 2);
    writeFileSync(file("document"), "two");
    await it.heardInTime(2);
    expect(it.events).toEqual(["document one", "document two"]);
  });

  test.each([
    ["prints nothing", ":", "it printed nothing"],
    ["prints blanks", "echo; echo ' '", "it printed nothing"],
    ["fails, whatever it has printed", "echo '{}'; exit 3", "exit code 3"],
    ["fails with words", "echo 'no database' >&2; exit 1", "exit code 1: no database"],
    ["kills itself", "echo '{}'; kill -9 $$", "killed by SIGKILL"],
    ["prints what is no text", String.raw`printf '\377\376'`, "it printed what is no UTF-8 text"],
    ["floods", "exec cat /dev/zero", "it printed more than 16 MiB and was killed"],
  ])("a program that %s gives no document, and is run again", async (_, script, why) => {
    await using it = new Rehearsal(`echo run >> runs; ${script}`);
    it.program.start();
    await eventually(() => it.events.some((event) => event.startsWith("failed")));
    expect(it.events.at(-1)).toBe(`failed ${why}`);
    await it.inTime(() => lines("runs") >= 2);
  });

  test("a program that is missing gives no document", async () => {
    await using it = new Rehearsal(["nosuch-program"]);
    it.program.start();
    expect(await it.heard(1)).toEqual([
      "failed the program nosuch-program was not found; install it or give its full path",
    ]);
  });

  test("a run that hangs, ignores TERM and has children is killed with all of them at its time limit", async () => {
    await using it = new Rehearsal("trap '' TERM; sleep 1000 & echo up > started; sleep 1000; sleep 1000");
    it.program.start();
    await eventually(() => read("started") !== "" && processesWith(mark).length === 3);
    it.clock.advance(59_999);
    expect(it.events).toEqual([]);
    it.clock.advance(1);
    expect(await it.heard(1)).toEqual(["failed it did not end within 1m and was killed"]);
    await goneFromProcessTable(mark);
  });

  test("one run at a time: however long it takes, no other begins", async () => {
    await using it = new Rehearsal("echo run >> runs; read -r line < gate; echo '{}'", { timeoutMs: 10_000_000 });
    Bun.spawnSync(["mkfifo", file("gate")]);
    it.program.start();
    await eventually(() => lines("runs") === 1);
    it.clock.advance(300_000);
    writeFileSync(file("gate"), "go\n");
    expect(await it.heard(1)).toEqual(["document {}"]);
    expect(lines("runs")).toBe(1);
  });

  test("helpers that a run leaves behind end with it; one that has left its group does not hold its document up", async () => {
    await using it = new Rehearsal(
      "sleep 1000 & setsid sh -c 'echo $$ > escaped; exec sleep 1000' & while [ ! -s escaped ]; do :; done; echo '{}'",
    );
    it.program.start();
    await it.heardInTime(1);
    expect(it.events).toEqual(["document {}"]);
    const escaped = Number(read("escaped"));
    await eventually(() => processesWith(mark).join() === String(escaped));
    process.kill(escaped, "SIGKILL");
  });

  test("a failing program is told once, and once more when it is over; ten failures change nothing else", async () => {
    await using it = new Rehearsal("echo run >> runs; cat document || exit 1");
    it.program.start();
    await it.inTime(() => lines("runs") >= 10);
    expect(it.events.filter((event) => event.startsWith("failed"))).toHaveLength(1);
    writeFileSync(file("document"), "{}");
    await it.inTime(() => it.events.includes("document {}"));
    expect(it.events.filter((event) => !event.startsWith("said"))).toEqual([
      expect.stringContaining("failed exit code 1: cat: "),
      "recovered",
      "document {}",
    ]);
  });

  test("after a failure the document is passed on even if it is the one before", async () => {
    await using it = new Rehearsal("[ -e broken ] && exit 1; echo run >> runs; echo '{}'");
    it.program.start();
    await it.heard(1);
    writeFileSync(file("broken"), "");
    await it.heardInTime(2);
    rmSync(file("broken"));
    await it.heardInTime(4);
    expect(it.events).toEqual(["document {}", "failed exit code 1", "recovered", "document {}"]);
  });
});

describe("what a program writes to stderr", () => {
  test("is passed on line by line, the last one without its end too, and has no secrets", async () => {
    await using it = new Rehearsal(
      "echo one >&2; printf 'two t0psecret' >&2; echo '{}'",
      {},
      { API_TOKEN: "t0psecret" },
    );
    it.program.start();
    await it.heard(3);
    expect(it.events.toSorted()).toEqual(["document {}", "said one", "said two ***"]);
  });

  test("is bounded: what is beyond is counted", async () => {
    await using it = new Rehearsal("i=0; while [ $i -lt 1000 ]; do echo line $i >&2; i=$((i+1)); done; echo '{}'");
    it.program.start();
    await eventually(() => it.events.includes("document {}"));
    const said = it.events.filter((event) => event.startsWith("said"));
    expect(said).toHaveLength(21);
    expect(said.at(-1)).toBe("said (980 more lines were left out)");
  });
});

/** Prints whatever is added to `feed`. */
const relay = "echo run >> runs; touch feed; exec tail -n +1 -s 0.01 -f feed";
const print = (text: string): void => appendFileSync(file("feed"), text);

describe("push", () => {
  const push = { mode: "push" } as const;
  test("each line is a document; an empty one is none", async () => {
    await using it = new Rehearsal(relay, push);
    it.program.start();
    print("one\n");
    await it.heard(1);
    it.clock.advance(1_000);
    print("\n\ntwo\n\n");
    expect(await it.heard(2)).toEqual(["document one", "document two"]);
    expect(lines("runs")).toBe(1);
  });

  test("half a line is no document until its other half has come", async () => {
    await using it = new Rehearsal(relay, push);
    it.program.start();
    print('{"consumers":');
    print("{}}\n");
    expect(await it.heard(1)).toEqual(['document {"consumers":{}}']);
  });

  test("of many documents at once only the newest is passed on, at most one a second", async () => {
    await using it = new Rehearsal(relay, push);
    it.program.start();
    print("1\n2\n3\n");
    expect(await it.heard(1)).toEqual(["document 3"]);
    print("4\n5\n6\n");
    await it.inTime(() => it.events.at(-1) === "document 6");
    expect(it.events.length).toBe(2);
  });

  test.each([
    ["exit code 0", "exit 0", "it ended (exit code 0)"],
    ["a failure", "echo 'lost the database' >&2; exit 1", "it ended (exit code 1: lost the database)"],
    ["half a line", "printf '{\"consumers\":'; exit 1", "it ended (exit code 1) in the middle of a line"],
    ["a flood without a line", "exec cat /dev/zero", "it printed a line of more than 16 MiB and was killed"],
  ])("a program that ends with %s is started again, later and later, for ever", async (_, script, why) => {
    await using it = new Rehearsal(`echo run >> runs; ${script}`, push);
    it.program.start();
    await eventually(() => it.events.includes(`failed ${why}`));
    const starts: number[] = [];
    for (const delayMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      const before = lines("runs");
      it.clock.advance(delayMs - 1);
      starts.push(lines("runs") - before);
      it.clock.advance(1);
      await eventually(() => lines("runs") === before + 1 && it.watched.size === 0 && processesWith(mark).length === 0);
    }
    expect(starts).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  test("a flood of documents is killed too", async () => {
    await using it = new Rehearsal("exec yes '{\"consumers\":{}}'", push);
    it.program.start();
    await eventually(() => it.events.some((event) => event.startsWith("failed")));
    expect(it.events.at(-1)).toBe("failed it printed more than 32 MiB within a second and was killed");
  });
});

describe("refresh", () => {
  test("polls at once, and passes on even what is as before", async () => {
    await using it = new Rehearsal("echo '{}'");
    it.program.start();
    await it.heard(1);
    await eventually(() => it.watched.size === 0);
    expect(it.program.refresh()).toBe("started");
    it.clock.advance(1_000);
    await it.heardInTime(2);
    expect(it.events).toEqual(["document {}", "document {}"]);
  });

  test("during a poll has another one follow, since the first may have looked too early", async () => {
    await using it = new Rehearsal('echo run >> runs; read -r line < gate; echo "$line"');
    Bun.spawnSync(["mkfifo", file("gate")]);
    it.program.start();
    await eventually(() => lines("runs") === 1);
    expect(it.program.refresh()).toBe("asked");
    expect(it.program.refresh()).toBe("asked");
    writeFileSync(file("gate"), "early\n");
    await eventually(() => lines("runs") === 2);
    writeFileSync(file("gate"), "late\n");
    await it.heardInTime(2);
    expect(it.events).toEqual(["document early", "document late"]);
    expect(lines("runs")).toBe(2);
  });

  test("sends SIGHUP to the running program of push", async () => {
    await using it = new Rehearsal("trap 'echo again' HUP; echo first; while :; do sleep 0.01; done", { mode: "push" });
    it.program.start();
    await it.heard(1);
    expect(it.program.refresh()).toBe("asked");
    await it.heardInTime(2);
    expect(it.events).toEqual(["document first", "document again"]);
  });

  test("a program that knows no SIGHUP and dies of it is started anew at once, which is no failure", async () => {
    await using it = new Rehearsal('echo run >> runs; echo "{}"; exec sleep 1000', { mode: "push" });
    it.program.start();
    await it.heard(1);
    it.program.refresh();
    await eventually(() => lines("runs") === 2);
    await it.heardInTime(2);
    expect(it.events).toEqual(["document {}", "document {}"]);
  });

  test("a program that ends of something else just then is started at once, too", async () => {
    await using it = new Rehearsal("trap 'exit 3' HUP; echo run >> runs; echo '{}'; while :; do sleep 0.01; done", {
      mode: "push",
    });
    it.program.start();
    await it.heard(1);
    it.program.refresh();
    await eventually(() => lines("runs") === 2);
    expect(it.events[1]).toBe("failed it ended (exit code 3)");
  });

  test("with a program that is dead signals nobody and starts it now", async () => {
    await using it = new Rehearsal("echo run >> runs; exit 1", { mode: "push" });
    const hungUp: string[] = [];
    const note = (): void => void hungUp.push("SIGHUP");
    process.on("SIGHUP", note); // pid 0 or a number that is nobody's would reach this very process, or its group
    it.program.start();
    await it.heard(1);
    expect(it.program.refresh()).toBe("started");
    await eventually(() => lines("runs") === 2 && it.watched.size === 0);
    process.off("SIGHUP", note);
    expect(hungUp).toEqual([]);
  });

  test("before the start and after the end there is nobody to ask", async () => {
    const it = new Rehearsal("echo '{}'");
    expect(it.program.refresh()).toBe("stopped");
    await it.program.stop();
    expect(it.program.refresh()).toBe("stopped");
    expect(it.events).toEqual([]);
  });
});

describe("stop", () => {
  test.each(["poll", "push"] as const)("of %s sends TERM, waits for the end and hears nothing more", async (mode) => {
    const it = new Rehearsal(
      "trap 'echo told > told; echo late; exit 0' TERM; echo up >&2; while :; do sleep 0.01; done",
      { mode },
    );
    it.program.start();
    await it.heard(1);
    await it.program.stop();
    expect(read("told")).toBe("told\n");
    expect(it.events).toEqual(["said up"]);
    expect(it.watched.size).toBe(0);
    it.clock.advance(1_000_000);
    expect(processesWith(mark)).toEqual([]);
  });

  test.each(["poll", "push"] as const)("of %s kills after 5 s what ignores TERM, with its children", async (mode) => {
    const it = new Rehearsal("trap '' TERM; sleep 1000 & echo up >&2; while :; do sleep 1000; done", { mode });
    it.program.start();
    await it.heard(1);
    const stopped = it.program.stop();
    it.clock.advance(4_999);
    expect(processesWith(mark).length).toBeGreaterThan(0);
    it.clock.advance(1);
    await stopped;
    await goneFromProcessTable(mark);
  });

  test("while it waits for its next start ends at once", async () => {
    const it = new Rehearsal("echo run >> runs; exit 1", { mode: "push" });
    it.program.start();
    await it.heard(1);
    await it.program.stop();
    it.clock.advance(1_000_000);
    expect(lines("runs")).toBe(1);
  });
});

test("the process group is the guardian's business while the program runs", async () => {
  await using it = new Rehearsal("echo up >&2; exec sleep 1000", { mode: "push" });
  it.program.start();
  await it.heard(1);
  expect([...it.watched]).toEqual(processesWith(mark));
});
