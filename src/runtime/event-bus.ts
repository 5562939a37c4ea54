import type { PmEvent } from "../core/farm/events.ts";

/** Hands every event to every listener, in order. A listener that comes late may ask for what it missed. */
export class EventBus {
  #listeners: readonly ((event: PmEvent) => void)[] = [];
  /** Those that hear of one consumer only, so that ten thousand of them cost an event nothing. */
  readonly #ofConsumer = new Map<string, readonly ((event: PmEvent) => void)[]>();
  #missed: PmEvent[] | null = [];

  emit(event: PmEvent): void {
    this.#missed?.push(event);
    for (const listener of this.#listeners) listener(event);
    if (event.type === "shutting_down") for (const listener of [...this.#ofConsumer.values()].flat()) listener(event);
    if ("consumer" in event) for (const listener of this.#ofConsumer.get(event.consumer) ?? []) listener(event);
  }

  /** With `consumer` only what befalls that one or its workers, and that the farm stops. The returned function ends it. */
  listen(listener: (event: PmEvent) => void, consumer: string | null = null): () => void {
    if (consumer !== null) return this.#listenTo(consumer, listener);
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== listener);
    };
  }

  #listenTo(consumer: string, listener: (event: PmEvent) => void): () => void {
    const those = (): readonly ((event: PmEvent) => void)[] => this.#ofConsumer.get(consumer) ?? [];
    this.#ofConsumer.set(consumer, [...those(), listener]);
    return () => {
      const rest = those().filter((each) => each !== listener);
      if (rest.length === 0) this.#ofConsumer.delete(consumer);
      else this.#ofConsumer.set(consumer, rest);
    };
  }

  /** As `listen`, for one that was still being loaded when the farm began: it hears everything from the first event on. Once only. */
  listenFromStart(listener: (event: PmEvent) => void): void {
    for (const event of this.#missed ?? []) listener(event);
    this.#missed = null;
    this.listen(listener);
  }
}
