import { expect, test } from "bun:test";
import { join } from "node:path";

test("the output thread tells recent lines, of dead processes too, and what follows", async () => {
  let told: unknown;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "..", "fixtures", "output-lines.ts")], {
    stdio: ["ignore", "pipe", "pipe"],
    ipc: (message) => void (told = message),
  });
  const [written, complaints] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect(told).toEqual({
    ofTheDead: ["1 stdout one", "1 stderr level=error last words"],
    heard: ["1 stderr level=error last words", "1 stdout back", "2 stdout between", "1 stdout unfin"],
    errors: ["1 stderr level=error last words"],
    ofTwo: ["2 stdout between", "2 stdout frames"],
    failures: 1,
    afterTheEnd: [],
  });
  // Nothing of this changes what is written.
  expect(written.split("\n").toSorted()).toEqual([
    "",
    "[worker 1 async] back",
    "[worker 1 async] one",
    "[worker 1 async] unfin",
    "[worker 2 async] between",
    "[worker 2 async] frames",
    "[worker 3 async] nobody listens",
  ]);
  expect(complaints).toBe("[worker 1 async] level=error last words\n");
});
