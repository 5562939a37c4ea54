import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";

setDefaultTimeout(30_000);

test("orphans are reaped in slices beside children whose exit codes stay their own", async () => {
  const fixture = Bun.spawn([process.execPath, join(import.meta.dir, "..", "fixtures", "reaps.ts")], {
    stderr: "inherit",
  });
  expect(JSON.parse(await fixture.stdout.text())).toEqual({
    adopts: true,
    orphans: 300,
    exitCodes: "right",
    children: 0,
  });
  expect(await fixture.exited).toBe(0);
});
