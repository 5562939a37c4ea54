import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type ConsumerText, farmFile, quickBackoff, sh, steady } from "../support/farm-file.ts";
import { asPid1, noNamespaces, pidOfPm, stopPm } from "../support/pid-namespace.ts";
import { goneFromProcessTable, pmBinary, PmProcess, processesWith } from "../support/pm-process.ts";
import { childrenOf, isAlive, until } from "../support/proc.ts";

setDefaultTimeout(60_000);

const ends = (text: string) => (line: string) => line.endsWith(`] ${text}`);

/** Leaves one orphan in its group and one that has left it, and ends with an exit code of many. */
const leavesTwo = sh(`(sleep 1000 &); (env -i setsid sleep 0.3 &); exit $((PM_WORKER_ID % 200))`);

/**
 * A worker whose processes do all to be forgotten: they leave the group, the session and their parents, and are deaf to what can be
 * ignored. TREE is for the test alone; one of them keeps nothing else of its environment where it is `wiped`.
 */
function escaping(tree: string, isWiped: boolean): ConsumerText {
  const wiped = isWiped ? `env -i TREE="$TREE"` : "";
  const script = `
    deaf="trap '' TERM HUP INT QUIT USR1 USR2;"
    (sleep 1000; :) &
    setsid sh -c "$deaf while :; do sleep 1000; done" &
    (setsid sh -c "$deaf (setsid sleep 1000 &); (setsid sh -c 'setsid sleep 1000 & wait' &); exec sleep 1000" &)
    (${wiped} setsid sleep 1000 &)
    echo up; eval "$deaf"; while :; do sleep 1000; done`;
  return { command: sh(script), stop_timeout: "50ms", env: { TREE: tree }, ...quickBackoff };
}

/** Waits until all of the tree of an escaping worker is there. */
async function grown(tree: string): Promise<number[]> {
  await until(() => processesWith(`TREE=${tree}\0`).length === 11);
  return processesWith(`TREE=${tree}\0`);
}

async function command(pm: PmProcess, ...words: readonly string[]): Promise<void> {
  const run = Bun.spawn([pmBinary, ...words, "--socket", join(pm.folder, "pm.sock")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  expect(await run.exited).toBe(0);
}

describe.each([
  ["as subreaper", [], null],
  ["as PID 1", asPid1, noNamespaces],
] as const)("%s, pm", (mode, starter, missing) => {
  if (missing !== null) console.warn(`skipping what pm does ${mode}: ${missing}`);
  const check = test.skipIf(missing !== null);

  check("reaps 2,000 orphans of 1,000 workers, and takes no exit code that is not its own", async () => {
    const a = { command: leavesTwo, processes: 1000, restart: "never" };
    await using pm = new PmProcess(farmFile({ a, steady }), { starter });
    const exits = await pm.records("Worker exited.", 1000, { consumer: "a" });
    expect(exits.filter(({ context }) => context["exit_code"] !== Number(context["worker"]) % 200)).toEqual([]);
    const main = await pidOfPm(pm, starter);
    await until(() => childrenOf(main, "all").length === 2); // the steady worker and the guardian
    expect(await stopPm(pm, starter)).toBe(0);
    await goneFromProcessTable(pm.mark);
  });

  check("ends what stems from a worker's process with it, and nothing of another's", async () => {
    const [a, b] = [crypto.randomUUID(), crypto.randomUUID()];
    await using pm = new PmProcess(farmFile({ a: escaping(a, false), b: escaping(b, false) }), { starter });
    await pm.stdout.count(ends("up"), 2);
    const [ofA, ofB] = [await grown(a), await grown(b)];
    await command(pm, "signal", "a", "KILL");
    await until(() => !ofA.some(isAlive));
    await pm.records("Worker started.", 2, { consumer: "a" });
    const next = await grown(a);
    await command(pm, "stop", "a");
    await until(() => !next.some(isAlive));
    expect(processesWith(`TREE=${b}\0`)).toEqual(ofB);
    await command(pm, "restart", "b");
    await until(() => !ofB.some(isAlive));
    await grown(b);
    expect(await stopPm(pm, starter)).toBe(0);
    expect(processesWith(`TREE=${b}\0`)).toEqual([]);
  });

  check("leaves nothing behind at its end, not even what has wiped out where it comes from", async () => {
    const a = crypto.randomUUID();
    await using pm = new PmProcess(farmFile({ a: escaping(a, true) }), { starter });
    await grown(a);
    expect(await stopPm(pm, starter)).toBe(0);
    expect(processesWith(`TREE=${a}\0`)).toEqual([]);
  });

  check("leaves nothing behind when it is killed with SIGKILL", async () => {
    const a = crypto.randomUUID();
    await using pm = new PmProcess(farmFile({ a: escaping(a, false) }), { starter });
    await grown(a);
    process.kill(await pidOfPm(pm, starter), "SIGKILL");
    await until(() => processesWith(`TREE=${a}\0`).length === 0);
  });
});
