import { judgeReadiness } from "../core/farm/health.ts";
import { plural } from "../core/farm/operation-text.ts";
import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import { hasProcess } from "../core/supervision/lifecycle.ts";

/** How many consumers that are not ready are named. */
const mostNamed = 3;

/** How the farm does, in one line for people: `5 of 6 workers ready, 2 busy; mail: starting`. */
export function statusText(snapshot: FarmSnapshot): string {
  const workers = snapshot.consumers.flatMap((consumer) => consumer.workers);
  const running = workers.filter(({ state }) => hasProcess(state));
  if (snapshot.phase === "stopping") return `stopping: ${plural(running.length, "worker")} still running`;
  const ready = workers.filter(({ state }) => state === "ready").length;
  const busy = running.filter((worker) => worker.busy > 0).length;
  const { consumers } = judgeReadiness(snapshot);
  const named = consumers.slice(0, mostNamed).map(({ consumer, reason }) => `; ${consumer}: ${reason}`);
  const more = consumers.length > mostNamed ? `; and ${consumers.length - mostNamed} more` : "";
  return `${ready} of ${plural(workers.length, "worker")} ready, ${busy} busy${named.join("")}${more}`;
}

/** True when waiting longer would not make the farm readier: it is ready, or what is not is so for another reason than having just begun. */
export function hasStarted(snapshot: FarmSnapshot): boolean {
  return judgeReadiness(snapshot).consumers.every(({ reason }) => reason !== "starting");
}

/** What a service manager asks of pm, taken from its environment. */
export interface NotifyWish {
  /** A path, or `@` and a name. */
  readonly socket: string;
  /** A sign of life is due at least so often; null when none is. */
  readonly watchdogMs: number | null;
}

const notifyVariables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] as const;

/** Reads what the service manager wants of the process `pid`, and takes it out of `env`: it is not meant for workers. Null when it wants nothing. */
export function takeNotifyWish(env: Record<string, string | undefined>, pid: number): NotifyWish | null {
  const [socket = "", usec = "", watched = ""] = notifyVariables.map((name) => env[name] ?? "");
  for (const name of notifyVariables) delete env[name];
  if (socket === "") return null;
  const watchdogMs = Number(usec) / 1000;
  const isOurs = watched === "" || watched === String(pid);
  return { socket, watchdogMs: isOurs && watchdogMs > 0 && Number.isFinite(watchdogMs) ? watchdogMs : null };
}
