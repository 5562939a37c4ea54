import { formatIssue } from "../config/issue.ts";
import { parseConfig } from "../config/parse.ts";
import type { FarmSpec } from "../core/farm/spec.ts";
// oxlint-disable-next-line import/default -- imported as text, so that it is inside the compiled binary
import text from "./demo.yaml" with { type: "text" };

/** The farm of demo.yaml, whose workers are this very program, wherever it was started. */
export function demoFarm(queuePort: number, httpPort: number): FarmSpec {
  const env = { PM_DEMO_QUEUE_PORT: String(queuePort), PM_DEMO_HTTP_PORT: String(httpPort) };
  const parsed = parseConfig({ text, file: "demo.yaml", env, cwd: "/", read: () => null });
  if (!parsed.ok) throw new Error(parsed.issues.map(formatIssue).join("\n"));
  const consumers = parsed.spec.consumers.map((each) => ({ ...each, command: [...self(), ...each.command.slice(1)] }));
  // No file of this name is there; it only gives each demo a control socket of its own.
  return { ...parsed.spec, consumers, file: `/demo-${process.pid}.yaml` };
}

/** What `pm` stands for in demo.yaml. The kernel adds a word to the path of a program that was replaced while it runs. */
function self(): string[] {
  const program = process.execPath.replace(/ \(deleted\)$/u, "");
  return Bun.isStandaloneExecutable ? [program] : [program, Bun.main];
}
