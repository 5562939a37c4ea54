import { expect, test } from "bun:test";
import { unchangedPages } from "../../src/system/forget-start.ts";

function mapping(range: string, rights: string, path: string, anonymous = 0, swap = 0): string {
  return `${range} ${rights} 00000000 fe:00 1234                       ${path}
Size:                 12 kB
Rss:                   8 kB
Anonymous:      ${String(anonymous).padStart(8)} kB
Swap:           ${String(swap).padStart(8)} kB
VmFlags: rd ex mr mw me sd
`;
}

test("only what is mapped from the file, may not be written to, and is as it is in the file is given back", () => {
  const smaps = [
    mapping("00200000-00300000", "r--p", "/opt/pm"),
    mapping("00300000-00500000", "r-xp", "/opt/pm"),
    mapping("00500000-00600000", "r--p", "/opt/pm", 12), // relocated
    mapping("00600000-00700000", "r--p", "/opt/pm", 0, 4),
    mapping("00700000-00800000", "rw-p", "/opt/pm"),
    mapping("00800000-00900000", "r-xs", "/opt/pm"),
    mapping("00900000-00a00000", "r-xp", "/opt/pm2"),
    mapping("00a00000-00b00000", "r-xp", "/memfd:lib (deleted)"),
    mapping("7ffd1000-7ffd2000", "rw-p", ""),
  ].join("");
  expect(unchangedPages(smaps, "/opt/pm")).toEqual([
    { start: 0x20_0000, end: 0x30_0000 },
    { start: 0x30_0000, end: 0x50_0000 },
  ]);
});

test("nothing is given back of a file that runs no more, or where nothing is known", () => {
  expect(unchangedPages(mapping("00200000-00300000", "r-xp", "/opt/pm (deleted)"), "/opt/pm")).toEqual([]);
  expect(unchangedPages("", "/opt/pm")).toEqual([]);
});
