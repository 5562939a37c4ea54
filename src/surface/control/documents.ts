import type { AuditEntry } from "../../core/farm/audit.ts";
import type { LogLine } from "../../core/farm/log-lines.ts";
import type { ReloadOutcome } from "../../core/farm/operations.ts";
import type { EventLine, LogLineDocument, ReloadAnswer } from "../../protocol/control-api.ts";
import { isoTime } from "../../protocol/control-status.ts";

/** An entry of the trail as a document. */
export function toEventLine({ id, atEpochMs, ...entry }: AuditEntry): EventLine {
  return { id, at: isoTime(atEpochMs), ...entry };
}

/** A line of output as a document. */
export function toLogLine({ atEpochMs, ...line }: LogLine): LogLineDocument {
  return { at: isoTime(atEpochMs), ...line };
}

/** What came of a reload, or would come of it, as a document. */
export function toReloadAnswer({ result, message, problems, plan }: ReloadOutcome): ReloadAnswer {
  return {
    result,
    message,
    problems,
    changes: (plan?.consumers ?? []).map(({ consumer, kind, keys, sizeBefore, sizeAfter }) => ({
      consumer,
      kind,
      keys,
      size_before: sizeBefore,
      size_after: sizeAfter,
    })),
    farm_keys: plan?.farmKeys ?? [],
    needs_new_start: plan?.needsNewStart ?? [],
  };
}
