import { alertRules } from "../../dashboard/alert-rules.ts";
import { exitCodes, type Outcome } from "../outcome.ts";

/** `pm alerts`: the rule file for Prometheus on stdout. */
export function runAlerts(): Promise<Outcome> {
  return Promise.resolve({ exitCode: exitCodes.done, stdout: alertRules, stderr: "" });
}
