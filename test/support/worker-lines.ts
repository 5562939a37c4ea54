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
  readonly jsonLines: number;
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
 * Reads the lines of a farm whose workers are all of the Messenger application. Throws at the first line that is not whole, is not what
 * the worker wrote (but for `worker_id` and `consumer`), or stands where its worker cannot have written it.
 */
export function readWorkerLines(lines: readonly string[]): Told {
  const deliveries: Delivery[] = [];
  const others: Record<string, number> = {};
  /** The delivery each worker has in hand, or had when it was killed. */
  const inHand = new Map<number, Delivery>();
  let plainLines = 0;

  for (const line of lines) {
    const wrong = (what: string): Error => new Error(`${what}: ${line.slice(0, 300)}`);
    const plain = /^\[worker (\d+) (\w+)\] plain line (\d+)$/u.exec(line);
    if (plain !== null) {
      const delivery = inHand.get(Number(plain[1]));
      if (delivery?.consumer !== plain[2]) throw wrong("a plain line outside a job");
      if (Number(plain[3]) !== delivery.plainLines)
        throw wrong(`not plain line ${delivery.plainLines} of ${delivery.job}`);
      delivery.plainLines += 1;
      plainLines += 1;
      continue;
    }
    const { message, context, extra } = readJson(line, wrong);
    const end = ends.find(([beginning]) => message.startsWith(beginning))?.[1];
    const delivery = inHand.get(extra.worker_id);
    if (end !== undefined) {
      if (delivery === undefined || delivery.consumer !== extra.consumer)
        throw wrong("the end of a job that did not begin");
      if (end !== "handled" && !context.error?.includes(`job ${delivery.job} failed`))
        throw wrong(`no error of ${delivery.job}`);
      delivery.end = end;
      inHand.delete(extra.worker_id);
    } else if (message === "handling") {
      const begun = {
        worker: extra.worker_id,
        consumer: extra.consumer,
        pid: context.pid ?? 0,
        job: context.job ?? "",
        plainLines: 0,
        end: null,
      };
      if (delivery?.pid === begun.pid) throw wrong(`began before ${delivery.job} has ended`);
      inHand.set(extra.worker_id, begun);
      deliveries.push(begun);
    } else others[message] = (others[message] ?? 0) + 1;
  }
  return { deliveries, others, jsonLines: lines.length - plainLines, plainLines };
}

function readJson(line: string, wrong: (what: string) => Error): JsonLine {
  const written = line.replace(/"extra":\{"worker_id":\d+,"consumer":"\w+"\}\}$/u, '"extra":{}}');
  try {
    // What Monolog writes is what JSON.stringify writes: a line that comes out unlike it was altered on its way.
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
