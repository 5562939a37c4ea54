/** The way not taken, for scripts/bench/output-path.ts: the same work on each line, but on the main thread, with Bun's own streams. */
import { LineEnricher, maxEnrichedBytes } from "../../src/core/output/enrich.ts";
import { LineSplitter } from "../../src/core/output/line-splitter.ts";
import { OutputBlock } from "../../src/core/output/output-block.ts";
import { makeTag } from "../../src/core/output/tag.ts";
import { closeFd, ownBuffer, pipe } from "../../src/system/libc.ts";

const [count, ...command] = process.argv.slice(2);
const out = Bun.file(1).writer();
const enricher = new LineEnricher(() => new Date().toISOString());
let flushing: Promise<unknown> = Promise.resolve();

async function pump(fd: number, workerId: number): Promise<void> {
  const tag = makeTag({ workerId, consumer: "flood", slot: 0, pid: 0, stream: "stdout", format: "auto", fields: {} });
  const splitter = new LineSplitter(1 << 20, ownBuffer);
  const block = new OutputBlock(ownBuffer(1 << 21));
  const reader = Bun.file(fd).stream().getReader();
  let next = reader.read();
  closeFd(fd);
  for (;;) {
    const { done, value } = await next;
    if (done) return;
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    splitter.push(chunk, 0, chunk.length, (bytes, start, end, dropped) => {
      if (block.length + maxEnrichedBytes(tag, end - start) > block.bytes.length) throw new Error("block too small");
      enricher.write(tag, bytes, start, end, dropped, block);
    });
    // One flush at a time over all workers, or the writer's memory has no bound.
    await flushing;
    void out.write(block.bytes.subarray(0, block.length));
    flushing = Promise.resolve(out.flush());
    await flushing;
    block.length = 0;
    next = reader.read();
  }
}

function quick(): void {
  Bun.spawn(["true"], {
    stdio: ["ignore", "ignore", "ignore"],
    onExit: () => {
      process.stderr.write("Worker started.\n");
      quick();
    },
  });
}

for (let worker = 1; worker <= Number(count); worker++) {
  const { readFd, writeFd } = pipe("read");
  Bun.spawn(command, { stdio: ["ignore", writeFd, "inherit"] });
  closeFd(writeFd);
  void pump(readFd, worker);
}
quick();
process.on("SIGTERM", () => process.exit(0));
