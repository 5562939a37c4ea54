import { decodeKeys, type Key, keysOfRest, type Typed } from "./keys.ts";

/** An Escape that nothing follows for so long is the key, not the beginning of a sequence. */
const escapeMs = 50;

/** Turns what a terminal sends, in whatever pieces, into keys. */
export class Keyboard {
  readonly #press: (key: Key) => void;
  #rest = "";
  #timer: Timer | null = null;

  constructor(press: (key: Key) => void) {
    this.#press = press;
  }

  /** The next piece. */
  type(text: string): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#hand(decodeKeys(this.#rest + text));
    if (this.#rest !== "") this.#timer = setTimeout(() => this.#hand(keysOfRest(this.#rest)), escapeMs);
  }

  #hand({ keys, rest }: Typed): void {
    this.#rest = rest;
    for (const key of keys) this.#press(key);
  }
}
