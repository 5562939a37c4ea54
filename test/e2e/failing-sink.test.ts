import { openSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { expect, setDefaultTimeout, test } from "bun:test";
import { farmFile, sh } from "../support/farm-file.ts";
import { PmProcess } from "../support/pm-process.ts";
import { until } from "../support/proc.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

setDefaultTimeout(10_000);

/** Files may not grow beyond some blocks: then writing fails as on a full disk. */
const limited = ["sh", "-c", `trap '' XFSZ; ulimit -S -f 64; exec "$0" "$@"`];

test("a file that could not grow is written again once there is room, and no line is glued to another", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/out`;
  const stdoutFd = openSync(file, "a");
  const script = `i=0; while ! test -e go; do i=$((i+1)); echo "line $i of many that fill the disk."; done; while sleep 0.05; do echo "line 0 of many that fill the disk."; done`;
  await using pm = new PmProcess(farmFile({ a: { command: sh(script), logs: { format: "raw" } } }), {
    stdoutFd,
    starter: limited,
  });
  await pm.until('pm_log_dropped_lines_total{consumer="a",stream="stdout"}', (lines) => lines > 0);
  expect(readFileSync(file, "latin1").endsWith("\n")).toBe(false);
  writeFileSync(`${pm.folder}/go`, "");
  const half = readFileSync(file, "latin1").split("\n").at(-1) ?? "";
  truncateSync(file, 1000); // someone makes room
  await until(() => readFileSync(file, "latin1").endsWith("line 0 of many that fill the disk.\n"));
  expect(half).not.toBe("");
  await pm.record("Writing output works again.", { stream: "stdout" });
  const lines = readFileSync(file, "latin1").slice(1000).split("\n").slice(1, -1);
  expect(lines.filter((line) => !/^line \d+ of many that fill the disk\.$/u.test(line))).toEqual([]);
  expect(await pm.stop()).toBe(0);
});
