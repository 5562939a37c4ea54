/** What is known of a consumer from a moment on, until its next sample. */
export interface Sample {
  readonly t: number;
  readonly consumer: string;
  /** Busy workers. */
  readonly busy: number;
  /** Messages waiting; null when the trace does not say. */
  readonly queue: number | null;
  /** Messages a second. */
  readonly throughput: number;
}

/** What is wrong with a line, from 1, of a trace. */
export interface TraceProblem {
  readonly line: number;
  readonly message: string;
}

export type Trace =
  | { readonly ok: true; readonly samples: readonly Sample[] }
  | { readonly ok: false; readonly problems: readonly TraceProblem[] };

const members = ["t", "consumer", "busy", "queue", "throughput"];

/** Reads a trace: one sample as a JSON object a line, times ascending; empty lines are passed over. All problems at once. */
export function readTrace(text: string, consumers: readonly string[]): Trace {
  const samples: Sample[] = [];
  const problems: TraceProblem[] = [];
  let latest = 0;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const sample = readSample(line, consumers);
    if (typeof sample === "string") problems.push({ line: index + 1, message: sample });
    else if (sample.t < latest)
      problems.push({ line: index + 1, message: `t is ${sample.t} after ${latest}; sort the lines by t` });
    else {
      latest = sample.t;
      samples.push(sample);
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  if (samples.length === 0)
    return {
      ok: false,
      problems: [{ line: 1, message: 'no samples; write lines such as {"t":0,"consumer":"async","busy":3}' }],
    };
  return { ok: true, samples };
}

function readSample(line: string, consumers: readonly string[]): Sample | string {
  const value = parsed(line);
  if (value === null) return 'not a JSON object; write a line such as {"t":0,"consumer":"async","busy":3}';
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined) return `unknown member ${JSON.stringify(unknown)}; there are ${members.join(", ")}`;
  const { t, consumer, busy = 0, queue = null, throughput = 0 } = value;
  if (!isAmount(t)) return `t is ${shown(t)}; write the seconds since the beginning, 0 or more`;
  if (typeof consumer !== "string" || !consumers.includes(consumer))
    return `consumer is ${shown(consumer)}; pm.yaml has ${consumers.join(", ")}`;
  if (!isAmount(busy)) return `busy is ${shown(busy)}; write the number of busy workers, 0 or more`;
  if (queue !== null && !isAmount(queue))
    return `queue is ${shown(queue)}; write the number of waiting messages, 0 or more`;
  if (!isAmount(throughput)) return `throughput is ${shown(throughput)}; write messages a second, 0 or more`;
  return { t, consumer, busy, queue, throughput };
}

function parsed(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

const shown = (value: unknown): string => (value === undefined ? "missing" : JSON.stringify(value).slice(0, 60));
