import type { PmEvent } from "../core/farm/events.ts";
import type { FarmSnapshot } from "../core/farm/snapshot.ts";
import type { Cancel, Clock } from "../runtime/host.ts";
import { hasStarted, statusText } from "./service-manager-text.ts";

/** A farm that still starts is said to be ready after this: systemd waits 90 s unless told otherwise. */
const latestReadyMs = 60_000;
/** What happens meanwhile is told together. */
const [lookWhileStartingMs, lookMs] = [100, 2_000];
/** A manager that is too busy to take a message is told again after this. */
const tryAgainMs = 250;

/** What the telling needs of the world. */
export interface ServiceManagerPorts {
  readonly clock: Clock;
  /** Of the kernel, in microseconds. */
  readonly monotonicMicroseconds: () => bigint;
  readonly snapshot: () => FarmSnapshot;
  /** Hands over one message; false when it is to be tried again. Never throws. */
  readonly send: (text: string) => boolean;
}

/**
 * Tells a service manager such as systemd how the farm does, in the protocol of sd_notify: ready, reloading, stopping, a line of status
 * when it changes, and a sign of life of the main loop. The manager never delays anything.
 */
export class ServiceManager {
  readonly #ports: ServiceManagerPorts;
  readonly #cancels = new Map<string, Cancel>();
  /** Messages that could not be handed over, by their first word: only the newest of each counts. */
  readonly #unsent = new Map<string, string>();
  #ready = false;
  #reloads = 0;
  #stopping = false;
  #status = "";
  #closed = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  /** `watchdogMs`: a sign of life is due at least so often; null when none is. */
  constructor(ports: ServiceManagerPorts, watchdogMs: number | null) {
    this.#ports = ports;
    if (watchdogMs !== null) this.#signOfLife(watchdogMs / 2);
    this.#later("latest", latestReadyMs, () => this.#sayReady());
  }

  /** Hears every event of the farm. Costs next to nothing: what it means is looked at later, for many events at once. */
  record(event: PmEvent): void {
    if (event.type === "shutting_down" && !this.#stopping) {
      this.#stopping = true;
      this.#lookedAtMs = Number.NEGATIVE_INFINITY;
      this.#look("STOPPING=1\n");
    }
    this.#lookSoon();
  }

  /** A reload that pm was asked for by signal begins. */
  reloading(): void {
    this.#reloads += 1;
    if (!this.#ready || this.#stopping) return;
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${this.#ports.monotonicMicroseconds()}\n`);
  }

  /** It is over, whatever came of it. */
  reloaded(): void {
    this.#reloads -= 1;
    if (this.#ready && this.#reloads === 0 && !this.#stopping) this.#send("READY=1\n");
    this.#lookSoon();
  }

  /** Nothing is told any more. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancels.values()) cancel();
  }

  #lookSoon(): void {
    if (this.#cancels.has("look")) return;
    const waitMs = this.#lookedAtMs + (this.#ready ? lookMs : lookWhileStartingMs) - this.#ports.clock.nowMs();
    this.#later("look", Math.max(0, waitMs), () => this.#look(""));
  }

  /** Tells what has changed, behind what must be told anyway. */
  #look(urgent: string): void {
    this.#lookedAtMs = this.#ports.clock.nowMs();
    const snapshot = this.#ports.snapshot();
    const status = statusText(snapshot);
    if (status !== this.#status || urgent !== "") this.#send(`${urgent}STATUS=${status.replaceAll("\n", " ")}\n`);
    this.#status = status;
    if (hasStarted(snapshot)) this.#sayReady();
  }

  #sayReady(): void {
    if (this.#ready || this.#stopping) return;
    this.#ready = true;
    this.#cancels.get("latest")?.();
    this.#send("READY=1\n");
  }

  #signOfLife(everyMs: number): void {
    this.#send("WATCHDOG=1\n");
    this.#later("watchdog", everyMs, () => this.#signOfLife(everyMs));
  }

  #send(text: string): void {
    const word = text.slice(0, text.indexOf("="));
    this.#unsent.delete(word); // the newest of a kind goes last
    this.#unsent.set(word, text);
    this.#flush();
  }

  #flush(): void {
    for (const [word, text] of this.#unsent) {
      if (!this.#ports.send(text)) {
        this.#later("flush", tryAgainMs, () => this.#flush());
        return;
      }
      this.#unsent.delete(word);
    }
  }

  /** One timer of a kind. */
  #later(kind: string, delayMs: number, run: () => void): void {
    this.#cancels.get(kind)?.();
    if (this.#closed) return;
    const cancel = this.#ports.clock.after(delayMs, () => {
      this.#cancels.delete(kind);
      run();
    });
    this.#cancels.set(kind, cancel);
  }
}
