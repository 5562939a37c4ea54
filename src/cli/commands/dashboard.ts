import { grafanaDashboard } from "../../dashboard/grafana.ts";
import { rows } from "../../dashboard/panels.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";

/** `pm dashboard`: the Grafana dashboard as JSON on stdout. */
export function runDashboard(): Promise<Outcome> {
  return Promise.resolve(outcome(exitCodes.done, [JSON.stringify(grafanaDashboard(rows), null, 2)]));
}
