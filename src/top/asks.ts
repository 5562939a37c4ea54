import type { OperationBody } from "../protocol/control-api.ts";
import type { Row } from "./rows.ts";

/** Something to ask of pm. */
export interface Ask {
  /** In words: `restart async (3 workers)`. */
  readonly what: string;
  readonly path: string;
  readonly body: OperationBody;
}

/** What a key asks for the selected row; null when the key asks for nothing. */
export function askFor(key: string, row: Row): Ask | null {
  switch (key) {
    case "r":
      return onRow(row, "restart", "restart");
    case "R":
      return ask(row, "restart", `rolling restart of ${whole(row)}`, { rolling: true });
    case "s":
      return onRow(row, "stop", "stop");
    case "S":
      return onRow(row, "start", "start");
    case "p":
      return isPaused(row) ? onRow(row, "resume", "resume") : onRow(row, "pause", "pause");
    case "+":
      return askSize(row, row.consumer.target + 1);
    case "-":
      return askSize(row, Math.max(0, row.consumer.target - 1));
    case "a":
      return ask(row, "scale", `give the size of ${row.consumer.consumer} back`, { auto: true });
    default:
      return null;
  }
}

/** Sets the size of the row's consumer by hand. */
export function askSize(row: Row, size: number): Ask {
  const { consumer, target } = row.consumer;
  return ask(row, "scale", `scale ${consumer} from ${target} to ${size}`, { size });
}

function onRow(row: Row, verb: string, word: string): Ask {
  const { consumer, worker } = row;
  if (worker === null) return ask(row, verb, `${word} ${whole(row)}`, {});
  const { slot } = worker;
  return ask(row, verb, `${word} ${consumer.consumer}:${slot} (worker ${worker.worker})`, { slot });
}

function ask({ consumer }: Row, verb: string, what: string, body: OperationBody): Ask {
  return { what, path: `/v1/consumers/${encodeURIComponent(consumer.consumer.toWellFormed())}/${verb}`, body };
}

function whole({ consumer: { consumer, workers } }: Row): string {
  return `${consumer} (${workers.length} ${workers.length === 1 ? "worker" : "workers"})`;
}

function isPaused({ consumer, worker }: Row): boolean {
  return worker === null ? consumer.state === "paused" : worker.paused;
}
