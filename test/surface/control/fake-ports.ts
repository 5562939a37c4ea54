import type { AuditEntry } from "../../../src/core/farm/audit.ts";
import type { LogLine, LogQuery } from "../../../src/core/farm/log-lines.ts";
import type {
  OperationOutcome,
  OperationRequest,
  ReloadOutcome,
  Requester,
} from "../../../src/core/farm/operations.ts";
import { toStatus } from "../../../src/protocol/control-status.ts";
import type { ControlPorts } from "../../../src/surface/control/ports.ts";
import { consumerSpec, farmSpec } from "../../support/specs.ts";
import { FakeDesk } from "../../support/fake-desk.ts";
import { aConsumer, aFarm, aWorker } from "../../core/farm/samples.ts";

type Hear<T> = (given: T) => void;

/** A farm of two consumers that only remembers what it was asked. */
export class FakePorts implements ControlPorts {
  readonly asked: unknown[] = [];
  readonly eventHearers = new Set<Hear<AuditEntry>>();
  readonly logHearers = new Set<(lines: readonly LogLine[], lost: number) => void>();
  readonly entries: AuditEntry[] = [anEntry(1), anEntry(2, { consumer: "mail" })];
  readonly written: LogLine[] = [aLine("one"), aLine("two", { level: "error" })];
  outcome: OperationOutcome | Promise<OperationOutcome> = { result: "done", message: "async: 1 worker restarted" };
  reloaded: ReloadOutcome = { result: "done", message: "nothing changed", problems: [], plan: null };
  /** Thrown by `status`. */
  bug: Error | null = null;

  consumers(): readonly string[] {
    return ["async", "mail/über"];
  }

  async status(consumer: string | null) {
    if (this.bug !== null) throw this.bug;
    const exit = { kind: "signaled", signal: "SIGKILL", number: 9 } as const;
    const workers = [
      aWorker({ id: 1, inFlight: { async: 1 }, busy: 1, lastExit: exit, lastExitAtMs: 8_000 }),
      aWorker({ id: 2, slot: 1, state: "backoff", pid: null, startedAtMs: null, nextStartAtMs: 11_000 }),
    ];
    const consumers = [aConsumer({ workers }), aConsumer({ name: "mail/über", workers: [] })];
    if (consumer !== null && !consumers.some(({ name }) => name === consumer)) return null;
    return toStatus({
      snapshot: aFarm(consumers.filter(({ name }) => name === (consumer ?? name))),
      epochMs: Date.UTC(2026, 0, 1),
      usage: new Map([[100, { rssBytes: 1024, cpuSeconds: 0.5 }]]),
      spec: farmSpec([consumerSpec()], {
        file: "/srv/pm.yaml",
        cluster: { nodes: ["a", "b"], self: "a", by: "balanced", share: "workers" },
      }),
      version: "1.2.3",
      pid: 99,
      startedAtEpochMs: Date.UTC(2025, 11, 31),
      http: null,
      lastReload: { atEpochMs: 0, outcome: this.reloaded },
      source: {
        spec: { command: ["x"], mode: "poll", intervalMs: 1, timeoutMs: 1, cwd: "/" },
        lastDocumentEpochMs: null,
        error: "exit code 1",
        consumers: 0,
        rejected: [{ consumer: "bad", error: "command is missing", kept: false }],
      },
      owners: [{ consumer: "async", node: null, workers: { a: 1, b: 1 } }],
    });
  }

  explain(consumer: string) {
    if (consumer !== "async" && consumer !== "mail/über") return null;
    const decision = { current: 1, busy: 0.5, queue_depth: 3, desired: 2, allocated: 2, previous: 1, target: 2 };
    return {
      consumer,
      lines: ["2 workers"],
      decisions: [{ at: "2026-01-01T00:00:00.000Z", ...decision, reason: "scaled_up", stages: ["strategy: 2"] }],
    };
  }

  async operate(request: OperationRequest, who: Requester, wait: boolean) {
    this.asked.push({ request, who, wait });
    return this.outcome;
  }

  async reload(who: Requester, planOnly: boolean) {
    this.asked.push({ reload: who, planOnly });
    return this.reloaded;
  }

  shutdown(who: Requester) {
    this.asked.push({ shutdown: who });
  }

  readonly events = {
    recent: (count: number, consumer: string | null) =>
      this.entries.filter((entry) => entry.consumer === (consumer ?? entry.consumer)).slice(-count),
    follow: (hear: Hear<AuditEntry>) => {
      this.eventHearers.add(hear);
      return () => this.eventHearers.delete(hear);
    },
  };

  readonly tasks = new FakeDesk();

  readonly logs = {
    recent: async (query: LogQuery) => {
      this.asked.push({ logs: query });
      return this.written.filter(({ consumer }) => consumer === (query.consumer ?? consumer)).slice(-query.lines);
    },
    follow: (query: LogQuery, hear: (lines: readonly LogLine[], lost: number) => void) => {
      this.asked.push({ follow: query });
      this.logHearers.add(hear);
      hear(this.written, 0);
      return () => this.logHearers.delete(hear);
    },
  };
}

export function anEntry(id: number, given: Partial<AuditEntry> = {}): AuditEntry {
  const atEpochMs = Date.UTC(2026, 0, 1);
  return {
    id,
    atEpochMs,
    who: "alice",
    kind: "scaled",
    consumer: "async",
    worker: null,
    message: "1 → 2",
    why: null,
    ...given,
  };
}

export function aLine(text: string, given: Partial<LogLine> = {}): LogLine {
  const atEpochMs = Date.UTC(2026, 0, 1);
  return { atEpochMs, worker: 1, slot: 0, consumer: "async", stream: "stdout", level: null, text, ...given };
}
