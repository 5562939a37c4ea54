import { appendFileSync } from "node:fs";
import type { TaskSourceSpec } from "../../../src/core/farm/tasks-spec.ts";
import { openIntake } from "../../../src/runtime/intake/intake.ts";
import { systemClock } from "../../../src/runtime/system-clock.ts";
import { error, FakeInlet, ok } from "./fake-inlet.ts";

// A pm to be killed: node, ledger and source are its arguments; each result is in the ledger before it is given.
const [node = "", ledger = "", source = ""] = process.argv.slice(2);
const spec: TaskSourceSpec = JSON.parse(source);
const failed = new Set<string>();
const inlet = new FakeInlet(4);
inlet.answerAll((payload) => {
  if (Number(payload) % 5 === 0 && !failed.has(payload)) {
    failed.add(payload);
    return error("failed");
  }
  appendFileSync(ledger, `${payload}\n`);
  return ok;
});
openIntake("thumbs", spec, inlet, { clock: systemClock, node, notice: () => undefined });
