import { ownersOf } from "../../core/cluster/share.ts";
import { toStatus } from "../../protocol/control-status.ts";
import { explainFixedSize } from "../../core/farm/explain-size.ts";
import { explain } from "../../core/scaling/explain.ts";
import type { ExplainDocument, FarmStatus } from "../../protocol/control-api.ts";
import type { ControlPorts } from "../../surface/control/ports.ts";
import { type ControlServer, startControl } from "../../surface/control/server.ts";
import { readProcessesInTurns } from "../../system/proc-stat.ts";
import { exitCodes } from "../outcome.ts";
import { version } from "../version.ts";
import type { ClaimedControl } from "./claim-control.ts";
import type { FarmParts } from "./parts.ts";

/** What is known beside the parts themselves. */
export interface FarmFacts {
  readonly startedAtEpochMs: number;
  /** Where health and metrics are served; null when they are not. */
  readonly http: string | null;
}

/** What the control socket may do with the farm. */
export function controlPorts(parts: FarmParts, facts: FarmFacts): ControlPorts {
  const { supervisor, operator, definitions, trail, output } = parts;
  return {
    consumers: () => supervisor.consumers.map(({ spec }) => spec.name),
    status: (consumer) => status(parts, facts, consumer),
    explain: (consumer) => explainConsumer(parts, consumer),
    operate: (request, who, wait) => operator.operate(request, who, wait),
    reload: (who, planOnly) => definitions.reload(who, planOnly),
    shutdown: (who) => supervisor.shutdown("request", exitCodes.done, null, who),
    events: trail,
    logs: {
      recent: (query) => output.recentLines(query),
      follow: (query, hear) => output.followLines(query, hear),
    },
    tasks: parts.tasks,
  };
}

async function status(
  { supervisor, definitions }: FarmParts,
  { startedAtEpochMs, http }: FarmFacts,
  only: string | null,
): Promise<FarmStatus | null> {
  const snapshot = supervisor.snapshot();
  const consumers = snapshot.consumers.filter(({ name }) => only === null || name === only);
  if (only !== null && consumers.length === 0) return null;
  const pids = consumers.flatMap(({ workers }) => workers.flatMap(({ pid }) => pid ?? []));
  const { spec, consumers: all, accepted, rejected } = definitions.current;
  return toStatus({
    snapshot: { ...snapshot, consumers },
    epochMs: Date.now(),
    startedAtEpochMs,
    pid: process.pid,
    version,
    http,
    spec,
    lastReload: definitions.lastReload,
    source: definitions.source === null ? null : { ...definitions.source, consumers: accepted.size, rejected },
    owners: spec.cluster === null ? null : ownersOf(all, spec.cluster),
    usage: await readProcessesInTurns([process.pid, ...pids]), // the last, so that all else is told as of one moment
  });
}

function explainConsumer({ supervisor }: FarmParts, name: string): ExplainDocument | null {
  const { atMs, consumers } = supervisor.snapshot();
  const consumer = consumers.find((each) => each.name === name);
  if (consumer === undefined) return null;
  const decisions = supervisor.decisions(name);
  const epochOf = (ms: number): string => new Date(Date.now() - (atMs - ms)).toISOString();
  return {
    consumer: name,
    lines: explainFixedSize(consumer) ?? explain(decisions, atMs),
    decisions: decisions.map((decision) => ({
      at: epochOf(decision.atMs),
      current: decision.current,
      busy: decision.busy,
      queue_depth: decision.queueDepth,
      desired: decision.desired,
      allocated: decision.allocated,
      previous: decision.previous,
      target: decision.target,
      reason: decision.reason,
      stages: decision.stages,
    })),
  };
}

/** What serveControl needs beside the parts. */
export interface ControlWish extends FarmFacts, ClaimedControl {
  /** Access rights of the socket. */
  readonly mode: number;
  readonly onBug: (error: unknown) => void;
  readonly onCrowd: (closed: number) => void;
}

/** Serves the control socket; a text says why that cannot be. */
export async function serveControl(parts: FarmParts, wish: ControlWish): Promise<ControlServer | string> {
  const started = await startControl({ ...wish, ports: controlPorts(parts, wish), version });
  return started.ok ? started.server : started.message;
}
