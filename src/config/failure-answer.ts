import type { FailureAnswer } from "../core/farm/scaling-spec.ts";
import type { Kind } from "./kind.ts";
import { asNumber, inRange, orFilledIn } from "./scalars.ts";
import { nearest } from "./suggest.ts";

const words = ["hold", "utilization"] as const;

/** What is done when a source of numbers fails: `hold`, `utilization` or a number of workers. */
export const failureAnswer: Kind<FailureAnswer> = {
  read(value, path, findings) {
    const word = words.find((each) => each === value);
    if (word !== undefined) return { kind: word };
    const workers = asNumber(value, path, findings);
    if (workers !== null && Number.isSafeInteger(workers) && inRange(workers, { min: 0 })) {
      return { kind: "size", workers };
    }
    const near = typeof value === "string" && !findings.hidden(path) ? nearest(value, words) : null;
    const expected = "hold, utilization or a whole number of workers";
    return findings.mismatch(path, value, expected, near === null ? undefined : `did you mean ${near}?`);
  },
  write: (value) => (value.kind === "size" ? value.workers : value.kind),
  schema: orFilledIn({ anyOf: [{ enum: words }, { type: "integer", minimum: 0 }] }),
};
