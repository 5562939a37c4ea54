import { bareBun, subject } from "../managers.ts";
import { withRun, type Measure } from "../measure.ts";

/** From the exec of the manager to the first instruction of its first worker; `evicted`: its program must come from the disk. */
export function coldStart(evicted: boolean): Measure {
  return {
    name: evicted ? "cold-start-evicted" : "cold-start",
    title: evicted ? "Start to the first worker, program not in the page cache" : "Start to the first worker",
    columns: [{ key: "ms", label: "ms", digits: 1, compare: true }],
    takes: ({ name }) => !evicted || name === subject || name === bareBun,
    run: async (place, manager) =>
      await withRun(place, manager, { workers: 1, mode: "wait", cold: evicted }, (run) => {
        const [first] = run.untilStarted();
        return { ms: ((first?.atNs ?? Number.NaN) - run.startedNs) / 1e6 };
      }),
  };
}
