import { recordsOf, withRun, type Measure } from "../measure.ts";
import { nowNs } from "../kernel.ts";
import { cpuSeconds, peakRssKb } from "../processes.ts";
import type { Run } from "../run.ts";

/** Workers write lines as fast as they can, a write(2) each, and somebody reads the manager's stdout as fast as it can. */
export function logLines(workers: number, format: "json" | "plain"): Measure {
  const kind = format === "json" ? "JSON" : "plain";
  return {
    name: `log-lines-${format}-${workers}`,
    title: `Log lines, ${kind}, ${workers} ${workers === 1 ? "worker" : "workers"}`,
    columns: [
      { key: "klinesPerSecond", label: "k lines/s", compare: true },
      { key: "mbPerSecond", label: "MB/s" },
      { key: "cpuPerGb", label: "CPU s/GB", digits: 2, compare: true },
      { key: "peakMb", label: "peak RSS MB", digits: 1, compare: workers === 16 },
      { key: "lagMs", label: "last line late ms", digits: 1 },
    ],
    takes: ({ output }) => output !== "inherited",
    run: async (place, manager, { factor }) =>
      await withRun(
        place,
        manager,
        { workers, mode: "flood", words: [1000 * factor, format], reader: "sink" },
        async (run) => {
          const beganNs = await run.letWrite();
          const cpuBefore = cpuSeconds(run.processes().own);
          const records = recordsOf(run).until("B", workers, 60_000 + 1000 * factor);
          const of = (wanted: string) => records.filter((record) => record.kind === wanted);
          if (of("B").length < workers)
            throw new Error(`only ${of("B").length} of ${workers} workers came to their end`);
          const sum = (wanted: string): number => of(wanted).reduce((total, { value }) => total + value, 0);
          const [lines, bytes] = [sum("L"), sum("B")];
          const lastNs = await untilOut(run, lines);
          const seconds = (lastNs - beganNs) / 1e9;
          const { own } = run.processes();
          return {
            klinesPerSecond: lines / seconds / 1000,
            mbPerSecond: bytes / seconds / 1e6,
            cpuPerGb: (cpuSeconds(own) - cpuBefore) / (bytes / 1e9),
            peakMb: peakRssKb(own) / 1024,
            lagMs: Math.max(0, lastNs - Math.max(...of("B").map(({ atNs }) => atNs))) / 1e6,
          };
        },
      ),
  };
}

/** When the last of so many lines was read behind the manager. Throws when lines are missing 10 s later. */
async function untilOut(run: Run, lines: number): Promise<number> {
  for (const endNs = nowNs() + 10e9; nowNs() < endNs; await Bun.sleep(5)) {
    const counts = run.sinkCounts();
    if (counts.lines >= lines) return counts.lastNs;
  }
  throw new Error(`${lines - run.sinkCounts().lines} of ${lines} lines never came out`);
}
