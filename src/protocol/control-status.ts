import { formatFastcgiAddress } from "../core/farm/fastcgi-address.ts";
import { judgeConsumer } from "../core/farm/health.ts";
import type { ConsumerSnapshot, FarmSnapshot, WorkerSnapshot } from "../core/farm/snapshot.ts";
import type { ReloadOutcome } from "../core/farm/operations.ts";
import type { ClusterSpec, ConsumerSpec, FarmSpec, RestartSpec, SourceSpec } from "../core/farm/spec.ts";
import type { FastcgiSpec } from "../core/farm/tasks-spec.ts";
import { describeExit, exitCodeOf } from "../core/supervision/exit.ts";
import type { TaskFigures } from "../core/tasks/task-figures.ts";
import type {
  ClusterStatus,
  ConsumerStatus,
  FarmStatus,
  SourceStatus,
  TasksStatus,
  WorkerStatus,
} from "./control-api.ts";

/** What the kernel tells of a process. */
interface Usage {
  readonly rssBytes: number;
  readonly cpuSeconds: number;
}

/** All that `toStatus` tells of. Nothing of a consumer's environment or command line, which may hold secrets. */
export interface StatusInput {
  readonly snapshot: FarmSnapshot;
  /** The wall clock when the snapshot was taken. */
  readonly epochMs: number;
  /** By pid, pm's own among them; a process that could not be read is missing. */
  readonly usage: ReadonlyMap<number, Usage>;
  /** The farm as it should be: its file, and the rules of its consumers. */
  readonly spec: FarmSpec;
  readonly version: string;
  readonly pid: number;
  /** The wall clock when pm started. */
  readonly startedAtEpochMs: number;
  /** Where health and metrics are served; null when they are not. */
  readonly http: string | null;
  readonly lastReload: { readonly atEpochMs: number; readonly outcome: ReloadOutcome } | null;
  /** The program that names consumers; null when there is none. */
  readonly source: SourceInput | null;
  /** Who runs each consumer of the whole farm; null when this pm is no node of a cluster. */
  readonly owners: ClusterStatus["owners"] | null;
}

interface SourceInput {
  readonly spec: SourceSpec;
  readonly lastDocumentEpochMs: number | null;
  readonly error: string | null;
  /** How many it names. */
  readonly consumers: number;
  readonly rejected: SourceStatus["rejected"];
}

/** The status of the farm, with the consumers of the snapshot. */
export function toStatus(input: StatusInput): FarmStatus {
  const { snapshot, epochMs, usage, spec, lastReload } = input;
  const clock = new Clock(snapshot.atMs, epochMs);
  const own = usage.get(input.pid);
  const specs = new Map(spec.consumers.map((each) => [each.name, each]));
  return {
    api: "v1",
    version: input.version,
    pid: input.pid,
    file: spec.file,
    started_at: isoTime(input.startedAtEpochMs),
    uptime_seconds: Math.max(0, Math.round(epochMs - input.startedAtEpochMs)) / 1000,
    phase: snapshot.phase,
    total_cap: snapshot.totalCap,
    http: input.http,
    rss_bytes: own?.rssBytes ?? null,
    cpu_seconds: own?.cpuSeconds ?? null,
    last_reload:
      lastReload === null
        ? null
        : {
            at: isoTime(lastReload.atEpochMs),
            result: lastReload.outcome.result,
            message: lastReload.outcome.message,
          },
    source: input.source === null ? null : sourceStatus(input.source),
    cluster: spec.cluster === null || input.owners === null ? null : clusterStatus(spec.cluster, input.owners),
    consumers: snapshot.consumers.map((consumer) =>
      consumerStatus(consumer, snapshot, usage, clock, specs.get(consumer.name)),
    ),
  };
}

function sourceStatus({ spec, lastDocumentEpochMs: last, error, consumers, rejected }: SourceInput): SourceStatus {
  const waiting = last === null ? "waiting" : "ok";
  return {
    mode: spec.mode,
    state: error === null ? waiting : "failing",
    last_document_at: last === null ? null : isoTime(last),
    error,
    consumers,
    rejected: rejected.map(({ consumer, error: why, kept }) => ({ consumer, error: why, kept })),
  };
}

function clusterStatus({ self, nodes, by, share }: ClusterSpec, owners: ClusterStatus["owners"]): ClusterStatus {
  return { self, nodes, by, share, owners };
}

/** As it stands in all documents: ISO 8601 in UTC. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** Between the monotonic clock of a snapshot and the wall. */
class Clock {
  readonly #atMs: number;
  readonly #epochMs: number;

  constructor(atMs: number, epochMs: number) {
    this.#atMs = atMs;
    this.#epochMs = epochMs;
  }

  wallTime(ms: number): string {
    return isoTime(Math.round(this.#epochMs - this.#atMs + ms));
  }

  /** To the millisecond; never negative. */
  secondsSince(ms: number): number {
    return Math.max(0, Math.round(this.#atMs - ms)) / 1000;
  }

  secondsUntil(ms: number): number {
    return Math.max(0, Math.round(ms - this.#atMs)) / 1000;
  }
}

function consumerStatus(
  consumer: ConsumerSnapshot,
  snapshot: FarmSnapshot,
  usage: StatusInput["usage"],
  clock: Clock,
  spec: ConsumerSpec | undefined,
): ConsumerStatus {
  const { decision, workers } = consumer;
  return {
    consumer: consumer.name,
    transports: consumer.transports,
    ...stateOf(consumer, snapshot),
    origin: consumer.origin,
    problem: consumer.problem,
    min: consumer.min,
    max: consumer.max,
    target: consumer.target,
    desired: decision?.desired ?? null,
    allocated: decision?.allocated ?? null,
    sized_by: consumer.sizedBy,
    ready: workers.filter(({ state, paused }) => state === "ready" && !paused).length,
    busy: workers.filter(({ busy }) => busy > 0).length,
    queue_depth: decision?.queueDepth ?? null,
    messages_total: consumer.messagesTotal,
    tasks: consumer.tasks === null ? null : tasksStatus(consumer.tasks, spec?.tasks?.fastcgi ?? null),
    workers: workers
      .filter((worker): worker is Shown => worker.state !== "gone")
      .toSorted((a, b) => a.slot - b.slot || a.id - b.id)
      .map((worker) => workerStatus(worker, spec?.restart, usage, clock)),
  };
}

function tasksStatus(figures: TaskFigures, fastcgi: FastcgiSpec | null): TasksStatus {
  const { waiting, inFlight, accepted, finished, rejected } = figures;
  const address = fastcgi?.address ?? null;
  return {
    waiting,
    in_flight: inFlight,
    accepted_total: accepted,
    finished_total: finished,
    rejected_total: rejected,
    server:
      fastcgi === null || address === null
        ? null
        : { address: formatFastcgiAddress(address), connections: fastcgi.connections },
  };
}

/** The state of a consumer in one word, and why it is not simply running. What a person did is named before what follows from it. */
function stateOf(consumer: ConsumerSnapshot, { phase, atMs }: FarmSnapshot): Pick<ConsumerStatus, "state" | "why"> {
  const { workers } = consumer;
  const running = workers.filter(({ pid }) => pid !== null).length;
  const stillRunning = running === 0 ? "" : `; ${running} still running`;
  if (phase === "stopping") return { state: "draining", why: `pm is stopping${stillRunning}` };
  if (consumer.parked !== null) return { state: "parked", why: `given up: ${consumer.parked}` };
  if (consumer.stopped) return { state: "stopped", why: `stopped by hand${stillRunning}` };
  if (consumer.paused) return { state: "paused", why: "paused by hand" };
  const notReady = judgeConsumer(consumer, atMs);
  if (notReady !== null) return { state: notReady.reason, why: notReady.detail };
  if (workers.length > 0 && workers.every(({ state }) => state === "finished")) {
    return { state: "finished", why: "every worker has finished, and none is to start again" };
  }
  const failure = consumer.sourceFailure;
  return { state: "running", why: failure === null ? null : `the autoscaler gets no answer: ${failure}` };
}

/** A worker that has gone is on its way out of the snapshot. */
type Shown = WorkerSnapshot & { readonly state: WorkerStatus["state"] };

function workerStatus(
  worker: Shown,
  rules: RestartSpec | undefined,
  usage: StatusInput["usage"],
  clock: Clock,
): WorkerStatus {
  const { pid, startedAtMs, nextStartAtMs } = worker;
  const used = pid === null ? undefined : usage.get(pid);
  const startedAt = pid === null ? null : startedAtMs;
  return {
    worker: worker.id,
    slot: worker.slot,
    state: worker.state,
    paused: worker.paused,
    pid,
    started_at: startedAt === null ? null : clock.wallTime(startedAt),
    uptime_seconds: startedAt === null ? null : clock.secondsSince(startedAt),
    restarts: worker.restarts,
    failures: worker.failures,
    failure_limit: rules?.failureLimit ?? 0,
    failure_window_seconds: (rules?.failureWindowMs ?? 0) / 1000,
    next_start_at: nextStartAtMs === null ? null : clock.wallTime(nextStartAtMs),
    next_start_in_seconds: nextStartAtMs === null ? null : clock.secondsUntil(nextStartAtMs),
    last_exit: lastExit(worker, clock),
    busy: worker.busy,
    slots: worker.slots,
    in_flight: worker.inFlight,
    rss_bytes: used?.rssBytes ?? null,
    cpu_seconds: used?.cpuSeconds ?? null,
  };
}

function lastExit({ lastExit: exit, lastExitAtMs }: WorkerSnapshot, clock: Clock): WorkerStatus["last_exit"] {
  if (exit === null || lastExitAtMs === null) return null;
  return {
    code: exitCodeOf(exit),
    signal: exit.kind === "signaled" ? exit.signal : null,
    text: describeExit(exit),
    at: clock.wallTime(lastExitAtMs),
  };
}
