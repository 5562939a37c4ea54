import { unblockSignals } from "../system/libc.ts";

const stopSignals = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;

/** What people and platforms tell pm by signals. */
export interface SignalOrders {
  /** The first SIGTERM, SIGINT or SIGQUIT. */
  stop(signal: string): void;
  /** A second one, of whichever kind. */
  kill(): void;
  /** SIGHUP. */
  reload(): void;
}

/**
 * Listens from the first instant, before there is anything to stop: as PID 1 a signal without a listener is lost, unless it is blocked,
 * which the loader of the packed pm sees to. Until `obey` is called the orders wait. Signals are levels: how often one came is not known,
 * only that it came.
 */
export function listenForSignals(): { obey(orders: SignalOrders): void } {
  let orders: SignalOrders | null = null;
  const waiting: ((to: SignalOrders) => void)[] = [];
  const give = (order: (to: SignalOrders) => void): void => {
    if (orders === null) waiting.push(order);
    else order(orders);
  };
  let stopped = false;
  for (const signal of stopSignals) {
    process.on(signal, () => {
      const second = stopped;
      stopped = true;
      give((to) => (second ? to.kill() : to.stop(signal)));
    });
  }
  process.on("SIGHUP", () => give((to) => to.reload()));
  unblockSignals([...stopSignals, "SIGHUP"]);
  return {
    obey(given) {
      orders = given;
      for (const order of waiting.splice(0)) order(given);
    },
  };
}
