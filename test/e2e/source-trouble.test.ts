import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConsumerText, farmFile, sh } from "../support/farm-file.ts";
import { goneFromProcessTable, PmProcess, processesWith } from "../support/pm-process.ts";
import { isAlive, memoryBytes, until } from "../support/proc.ts";
import { feed, feedSource, pidsOf, telling } from "../support/source-feed.ts";

/** A farm with a steady consumer of the file, and this program. */
const farm = (source: ConsumerText): string => farmFile({ steady: telling({ backoff_base: "20ms" }) }, { source });

/** How often the program has been started: it must begin with `echo run >> runs`. */
function runs(pm: PmProcess): number {
  try {
    return readFileSync(join(pm.folder, "runs"), "utf8").split("\n").length - 1;
  } catch {
    return 0;
  }
}

test("a program that fails ten times in a row touches nothing, and supervision goes on", async () => {
  await using pm = new PmProcess(farm({ command: sh("echo run >> runs; echo '{}'; exit 1"), interval: "1h" }));
  const [steady] = await pidsOf(pm, "steady", 1);
  for (let times = 1; times < 10; times++) {
    await until(() => runs(pm) === times);
    const reloaded = pm.recorded("Configuration reloaded.").length + 1;
    pm.signal("SIGHUP");
    await pm.records("Configuration reloaded.", reloaded);
  }
  await until(() => runs(pm) === 10);
  expect(isAlive(steady!)).toBe(true);
  process.kill(steady!, "SIGKILL");
  await pidsOf(pm, "steady", 2);
  expect(pm.recorded("Consumer source failed.")).toHaveLength(1);
  expect(await pm.stop()).toBe(0);
});

test.each([
  ["hangs", "trap '' HUP; sleep 1000 & sleep 1000", "poll"],
  ["hangs without a word", "sleep 1000 & exec sleep 1000", "push"],
  ["dies again and again", "exit 1", "push"],
  ["has its own helpers and leaves them", "sleep 1000 & sleep 1000 & exit 1", "push"],
])("a program that %s keeps no worker from starting and pm from ending", async (_, script, mode) => {
  await using pm = new PmProcess(farm({ command: sh(`echo run >> runs; ${script}`), mode }));
  await pidsOf(pm, "steady", 1);
  await until(() => runs(pm) > 0);
  expect((await pm.get("/readyz")).status).toBe(200);
  expect(await pm.stop()).toBe(0);
  expect(processesWith(pm.mark)).toEqual([]);
});

test.each([
  ["in one line without end", "exec cat /dev/zero", "push", "it printed a line of more than 16 MiB and was killed"],
  ["document after document", "exec yes '{}'", "push", "it printed more than 32 MiB within a second and was killed"],
  ["in one document", "exec yes", "poll", "it printed more than 16 MiB and was killed"],
  ["on stderr", "yes >&2 & sleep 1000", "poll", null],
])("a program that floods %s costs bounded memory", async (_, script, mode, error) => {
  await using pm = new PmProcess(farm({ command: sh(`echo run >> runs; ${script}`), mode }));
  const [steady] = await pidsOf(pm, "steady", 1);
  await until(() => runs(pm) > 0);
  if (error !== null) await pm.stderr.find((line) => line.includes(error));
  else {
    process.kill(steady!, "SIGKILL");
    await pidsOf(pm, "steady", 2);
  }
  expect((await pm.get("/readyz")).status).toBe(200);
  expect(memoryBytes(pm.pid, "VmHWM")).toBeLessThan(400 * 1024 * 1024);
});

test("when pm is killed, its program goes with all that it has started, whatever it ignores", async () => {
  await using pm = new PmProcess(
    farm({ command: sh("trap '' TERM HUP INT; echo run >> runs; setsid sleep 1000 & sleep 1000"), mode: "push" }),
  );
  await pidsOf(pm, "steady", 1);
  await until(() => runs(pm) === 1 && processesWith(pm.mark).length >= 5);
  pm.signal("SIGKILL");
  await pm.process.exited;
  await goneFromProcessTable(pm.mark);
});

test("a program without pm's mark in its environment goes too", async () => {
  await using pm = new PmProcess(farm({ command: sh("echo $$ > pid; exec env -i sleep 1000"), mode: "push" }));
  await pidsOf(pm, "steady", 1);
  const read = (): number => {
    try {
      return Number(readFileSync(join(pm.folder, "pid"), "utf8"));
    } catch {
      return 0;
    }
  };
  await until(() => read() > 0 && !processesWith(pm.mark).includes(read()));
  await pm.get("/livez"); // pm has come to note what it has started
  pm.signal("SIGKILL");
  await pm.process.exited;
  await until(() => !isAlive(read()));
});

test("a reload while the program is down signals nobody and starts it now", async () => {
  await using pm = new PmProcess(farm({ command: sh("echo run >> runs; exit 1"), mode: "push" }));
  const [steady] = await pidsOf(pm, "steady", 1);
  await pm.record("Consumer source failed.");
  // The waits grow to 30 s; a reload ends each at once.
  for (let times = 1; times <= 3; times++) {
    const before = runs(pm);
    pm.signal("SIGHUP");
    await until(() => runs(pm) > before);
  }
  expect(isAlive(steady!)).toBe(true);
  expect(await pm.stop()).toBe(0);
});

test("SIGHUP to pm is SIGHUP to a running program: it looks again", async () => {
  const script = `print() { cat entries 2>/dev/null || echo '{"consumers": {}}'; }; trap print HUP; print; echo run >> runs; while :; do sleep 0.01; done`;
  await using pm = new PmProcess(farm({ command: sh(script), mode: "push" }));
  await until(() => runs(pm) === 1);
  writeFileSync(join(pm.folder, "entries"), `${JSON.stringify({ consumers: { a: telling() } })}\n`);
  pm.signal("SIGHUP");
  await pidsOf(pm, "a", 1);
  expect(runs(pm)).toBe(1);
});

test("a reload that names another program ends the old one and takes the word of the new one", async () => {
  await using pm = new PmProcess(farmFile({}, { source: feedSource }));
  feed(pm, { a: telling(), b: telling() });
  await pidsOf(pm, "a", 1);
  await pidsOf(pm, "b", 1);
  const document = JSON.stringify({ consumers: { b: telling(), c: telling() } }).replaceAll("'", String.raw`'\''`);
  writeFileSync(join(pm.folder, "pm.yaml"), farmFile({}, { source: { command: sh(`printf '%s' '${document}'`) } }));
  pm.signal("SIGHUP");
  await pidsOf(pm, "c", 1);
  await pm.record("Consumer removed.", { consumer: "a" });
  expect(await pidsOf(pm, "b", 1)).toHaveLength(1);
});
