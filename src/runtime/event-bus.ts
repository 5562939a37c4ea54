import type { PmEvent } from "../core/farm/events.ts";

/** Hands every event to every listener, in order. A listener that comes late may ask for what it missed. */
export class EventBus {
  readonly #listeners: ((event: PmEvent) => void)[] = [];
  #missed: PmEvent[] | null = [];

  emit(event: PmEvent): void {
    this.#missed?.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  listen(listener: (event: PmEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** As `listen`, for one that was still being loaded when the farm began: it hears everything from the first event on. Once only. */
  listenFromStart(listener: (event: PmEvent) => void): void {
    for (const event of this.#missed ?? []) listener(event);
    this.#missed = null;
    this.#listeners.push(listener);
  }
}
