import type { ConsumerStatus, WorkerStatus } from "../protocol/control-api.ts";
import { bar, shortBytes, shortDuration, shortNumber, sparkline } from "./figures.ts";
import { busyShare, cpuPercent, type Gauges, lastMinute, messagesPerSecond } from "./gauges.ts";
import { type Span, span, type Tone } from "./paint.ts";
import type { Row } from "./rows.ts";

/** A column of the list. */
export interface Column {
  readonly title: string;
  readonly columns: number;
  readonly align: "left" | "right";
  readonly cell: (row: Row, gauges: Gauges, columns: number) => Span;
}

/** What a column shows of a consumer, and of a worker. */
interface Plan {
  readonly title: string;
  /** At least, and at most where there is room. */
  readonly least: number;
  readonly most: number;
  readonly align: "left" | "right";
  /** The highest goes first where there is no room. */
  readonly rank: number;
  readonly consumer: (consumer: ConsumerStatus, gauges: Gauges, columns: number) => Span;
  readonly worker: (worker: WorkerStatus, gauges: Gauges, columns: number) => Span;
}

const plans: readonly Plan[] = [
  {
    title: "NAME",
    least: 12,
    most: 28,
    align: "left",
    rank: 0,
    consumer: ({ consumer }) => span(consumer, "bold"),
    worker: ({ slot, worker }) => span(`  ${slot} #${worker}`),
  },
  {
    title: "STATE",
    least: 8,
    most: 8,
    align: "left",
    rank: 0,
    consumer: ({ state }) => span(state, stateTones[state]),
    worker: ({ state, paused }) => (paused ? span("paused", "warn") : span(state, stateTones[state])),
  },
  {
    title: "READY/PID",
    least: 9,
    most: 9,
    align: "left",
    rank: 0,
    consumer: ({ ready, target, tasks }) => {
      if (tasks !== null && tasks.server !== null) return span(`${tasks.server.connections} conn`);
      return span(`${ready}/${target}`, ready < target ? "warn" : "plain");
    },
    worker: ({ pid }) => span(pid === null ? "-" : String(pid)),
  },
  {
    title: "SIZE/UP",
    least: 7,
    most: 9,
    align: "left",
    rank: 5,
    consumer: ({ min, max }) => span(min === max ? String(max) : `${min}..${max}`, "dim"),
    worker: ({ uptime_seconds: seconds }) => span(seconds === null ? "" : shortDuration(seconds)),
  },
  {
    title: "BUSY",
    least: 6,
    most: 12,
    align: "left",
    rank: 1,
    consumer: (consumer, _, columns) => span(bar(busyShare(consumer), columns), "accent"),
    worker: ({ busy, slots, pid }, _, columns) =>
      pid === null ? span("") : span(bar(slots === 0 ? 0 : busy / slots, columns), "accent"),
  },
  {
    title: "LAST MIN",
    least: 8,
    most: 60,
    align: "left",
    rank: 6,
    consumer: ({ consumer }, gauges, columns) => span(sparkline(lastMinute(gauges, consumer, columns)), "accent"),
    worker: (worker) => fate(worker),
  },
  {
    title: "MSG/S",
    least: 5,
    most: 5,
    align: "right",
    rank: 2,
    consumer: ({ consumer }, gauges) => span(number(messagesPerSecond(gauges, consumer))),
    worker: ({ busy, slots }) => (slots > 1 ? span(`${busy}/${slots}`) : span("")),
  },
  {
    title: "CPU%",
    least: 5,
    most: 5,
    align: "right",
    rank: 3,
    consumer: ({ workers }, gauges) =>
      span(
        number(
          cpuPercent(
            gauges,
            workers.map(({ pid }) => pid),
          ),
        ),
      ),
    worker: ({ pid }, gauges) => span(number(cpuPercent(gauges, [pid]))),
  },
  {
    title: "RSS",
    least: 4,
    most: 5,
    align: "right",
    rank: 4,
    consumer: ({ workers }) => span(bytes(workers.map(({ rss_bytes: rss }) => rss))),
    worker: ({ rss_bytes: rss }) => span(bytes([rss])),
  },
  {
    title: "RST",
    least: 3,
    most: 5,
    align: "right",
    rank: 4,
    consumer: ({ workers }) => span(shortNumber(workers.reduce((sum, each) => sum + each.restarts, 0))),
    worker: ({ restarts }) => span(shortNumber(restarts)),
  },
  {
    title: "WHY",
    least: 24,
    most: 200,
    align: "left",
    rank: 7,
    consumer: ({ why, problem, tasks }) => {
      const wrong = problem ?? why;
      if (wrong !== null) return span(wrong, "warn");
      return span(tasks === null || tasks.waiting === 0 ? "" : `${tasks.waiting} tasks waiting`, "dim");
    },
    worker: ({ failures, failure_limit: limit }) =>
      failures === 0 ? span("") : span(`failures ${failures} of ${limit}`, "warn"),
  },
];

const stateTones: Readonly<Record<ConsumerStatus["state"] | WorkerStatus["state"], Tone>> = {
  running: "good",
  ready: "good",
  starting: "accent",
  degraded: "bad",
  backoff: "bad",
  parked: "bad",
  stopped: "warn",
  paused: "warn",
  draining: "warn",
  finished: "dim",
};

/** What a worker waits for, or how its last process ended. */
function fate({ next_start_in_seconds: next, last_exit: exit }: WorkerStatus): Span {
  if (next !== null) return span(`in ${shortDuration(Math.ceil(next))}`, "warn");
  if (exit === null) return span("");
  const short = exit.signal ?? `exit ${exit.code}`;
  return span(short, exit.code === 0 ? "dim" : "bad");
}

const number = (value: number | null): string => (value === null ? "-" : shortNumber(value));

function bytes(sizes: readonly (number | null)[]): string {
  const known = sizes.filter((each) => each !== null);
  return known.length === 0 ? "-" : shortBytes(known.reduce((sum, each) => sum + each, 0));
}

/** The columns that have room on a line, with one space between two, the room that is left shared out from left to right. */
export function columnsFor(room: number): readonly Column[] {
  const chosen = [...plans];
  const missing = (): number => chosen.reduce((sum, each) => sum + each.least + 1, -1) - room;
  while (missing() > 0 && chosen.length > 1) {
    const worst = chosen.reduce((a, b) => (b.rank >= a.rank ? b : a));
    chosen.splice(chosen.indexOf(worst), 1);
  }
  let spare = -missing();
  return chosen.map(({ title, least, most, align, consumer, worker }) => {
    const more = Math.max(0, Math.min(spare, most - least));
    spare -= more;
    return {
      title,
      columns: least + more,
      align,
      cell: (row, gauges, columns) =>
        row.worker === null ? consumer(row.consumer, gauges, columns) : worker(row.worker, gauges, columns),
    };
  });
}
