import type { AuditEntry } from "../../core/farm/audit.ts";
import type { LogLine, LogQuery } from "../../core/farm/log-lines.ts";
import type { OperationOutcome, OperationRequest, ReloadOutcome, Requester } from "../../core/farm/operations.ts";
import type { ExplainDocument, FarmStatus } from "../../protocol/control-api.ts";
import type { TaskDesk } from "../../runtime/tasks/task-ports.ts";

/** All that the control socket asks of the running farm. None of these throws for what a client does wrong. */
export interface ControlPorts {
  /** The names of all consumers. */
  consumers(): readonly string[];
  /** `consumer` null tells of all; null when there is no such consumer. */
  status(consumer: string | null): Promise<FarmStatus | null>;
  explain(consumer: string): ExplainDocument | null;
  /** Begins at once; the promise settles with the outcome. With `wait` false it settles as soon as it has begun. */
  operate(request: OperationRequest, who: Requester, wait: boolean): Promise<OperationOutcome>;
  reload(who: Requester, planOnly: boolean): Promise<ReloadOutcome>;
  shutdown(who: Requester): void;
  readonly events: EventTrail;
  readonly logs: LogAccess;
  readonly tasks: TaskDesk;
}

/** What has changed in the farm, by whom and why. */
export interface EventTrail {
  /** At most the last `count`, oldest first. */
  recent(count: number, consumer: string | null): readonly AuditEntry[];
  /** Hears every entry from now on; the returned function ends it. */
  follow(hear: (entry: AuditEntry) => void): () => void;
}

export interface LogAccess {
  recent(query: LogQuery): Promise<readonly LogLine[]>;
  /** First the recent lines the query asks for, then all that follow, without a gap; `lost` counts what a slow reader has missed. */
  follow(query: LogQuery, hear: (lines: readonly LogLine[], lost: number) => void): () => void;
}
