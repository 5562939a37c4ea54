import { commandTimesMs } from "../farm-http.ts";
import { subject } from "../managers.ts";
import { withRun, type Measure } from "../measure.ts";
import { distribution } from "../statistics.ts";

/** What a person waits for: `pm status` on a farm of 500, and the least a command takes. */
export const commands: Measure = {
  name: "commands",
  title: "Commands on a farm of 500",
  columns: [
    { key: "statusMs", label: "pm status ms", digits: 1, compare: true },
    { key: "slowestMs", label: "slowest ms", digits: 1 },
    { key: "versionMs", label: "pm --version ms", digits: 1, compare: true },
  ],
  takes: ({ name }) => name === subject,
  run: async (place, manager, { factor }) =>
    await withRun(place, manager, { workers: 500, mode: "wait" }, async (run) => {
      run.untilStarted();
      const pm = manager.program ?? "";
      const status = distribution(await commandTimesMs([pm, "status", "--socket", run.path("pm.sock")], 15 * factor));
      const version = distribution(await commandTimesMs([pm, "--version"], 15 * factor));
      return { statusMs: status.median, slowestMs: status.max, versionMs: version.median };
    }),
};
