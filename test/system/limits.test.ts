import { expect, test } from "bun:test";
import { hardLimitsIn, openFilesAllowed, takeGiven } from "../../src/system/limits.ts";

test("hard limits are read in the kernel's order", () => {
  const text = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            100                  seconds   
Max file size             5                    unlimited            bytes     
Max realtime priority     0                    7                    
`;
  expect(hardLimitsIn(text)).toEqual([100, Number.POSITIVE_INFINITY, 7]);
});

test("a pm without the stub was given nothing that it knows of, and has some open files", () => {
  expect(takeGiven()).toBeNull();
  expect(openFilesAllowed()).toBeGreaterThan(100);
});
