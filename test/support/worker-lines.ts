/** One delivery of a job, as its worker told it. */
export interface Delivery {
  readonly worker: number;
  readonly consumer: string;
  readonly pid: number;
  readonly job: string;
  /** Plain lines between its first and its last line. */
  plainLines: number;
  /** Null: nothing came after, since its process was killed. */
  end: "handled" | "sent_for_retry" | "given_up" | null;
}

/** What all workers of the Messenger application said on stdout. */
export interface Told {
  readonly deliveries: readonly Delivery[];
  /** Messages of lines that belong to no job, and how often each came. */
  readonly others: Readonly<Record<string, number>>;
  readonly plainLines: number;
}

interface JsonLine {
  readonly message: string;
  readonly context: { readonly job?: string; readonly pid?: number; readonly error?: string };
  readonly extra: { readonly worker_id: number; readonly consumer: string };
}

const ends = [
  ["{class} was handled successfully", "handled"],
  ["Error thrown while handling message {class}. Sending for retry", "sent_for_retry"],
  ["Error thrown while handling message {class}. Removing from transport", "given_up"],
] as const;

/**
 * Reads the stdout of a farm whose workers are all of the Messenger application. Throws at the first line that is not whole, is not what
 * the worker wrote (but for `worker_id` and `consumer`), or stands where its worker cannot have written it.
 */
export function readWorkerLines(lines: readonly string[]): Told {
  const deliveries: Delivery[] = [];
  const others: string[] = [];
  /** What each worker has in hand, or had when it was killed. */
  const inHand = new Map<number, Delivery>();
  let plainLines = 0;

  for (const line of lines) {
    const wrong = (what: string): Error => new Error(`${what}: ${line.slice(0, 300)}`);
    const plain = /^\[worker (\d+) (\w+)\] plain line (\d+)$/u.exec(line);
    const { message, context, extra } = plain === null ? readJson(line, wrong) : fromPlain(plain);
    const delivery = inHand.get(extra.worker_id);
    const end = ends.find(([beginning]) => message.startsWith(beginning))?.[1];
    if (message === "handling") {
      if (delivery?.pid === context.pid) throw wrong(`it began before ${delivery?.job} had ended`);
      const { worker_id: worker, consumer } = extra;
      const begun = { worker, consumer, pid: context.pid ?? 0, job: context.job ?? "", plainLines: 0, end: null };
      inHand.set(worker, begun);
      deliveries.push(begun);
    } else if (plain === null && end === undefined) {
      others.push(message);
    } else if (delivery === undefined || delivery.consumer !== extra.consumer) {
      throw wrong("its worker has no job in hand");
    } else if (end === undefined) {
      if (message !== `plain line ${delivery.plainLines++}`) throw wrong(`not the next of ${delivery.job}`);
      plainLines += 1;
    } else {
      if (end !== "handled" && !context.error?.includes(`job ${delivery.job} failed`))
        throw wrong("not the job in hand");
      delivery.end = end;
      inHand.delete(extra.worker_id);
    }
  }
  return { deliveries, others: tally(others), plainLines };
}

function fromPlain([line = "", worker, consumer = ""]: RegExpExecArray): JsonLine {
  return { message: line.replace(/^.*?\] /u, ""), context: {}, extra: { worker_id: Number(worker), consumer } };
}

function readJson(line: string, wrong: (what: string) => Error): JsonLine {
  const written = line.replace(/"extra":\{"worker_id":\d+,"consumer":"\w+"\}\}$/u, '"extra":{}}');
  try {
    // Monolog writes as JSON.stringify does: a line that comes out unlike it was altered on its way.
    if (written !== line && JSON.stringify(JSON.parse(written)) === written) return JSON.parse(line);
  } catch {
    // not JSON: told below
  }
  throw wrong("neither an enriched line of Monolog nor a prefixed one");
}

/** Counts equal things. */
export function tally<T extends string | number | null>(things: Iterable<T>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const thing of things) counts[String(thing)] = (counts[String(thing)] ?? 0) + 1;
  return counts;
}
