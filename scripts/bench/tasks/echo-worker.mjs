// The least that a jsonl worker can be: a line in, a line out.
import { readSync, writeSync } from "node:fs";

const chunk = Buffer.alloc(65_536);
let rest = "";
for (;;) {
  const size = readSync(0, chunk);
  if (size === 0) break;
  const lines = (rest + chunk.toString("utf8", 0, size)).split("\n");
  rest = lines.pop() ?? "";
  writeSync(1, lines.map((line) => `{"id":${JSON.parse(line).id},"result":null}\n`).join(""));
}
