/** Keeps for a thing where in one heap it is, so that it can be taken out of the middle. */
export interface Placing<T> {
  isBefore(a: T, b: T): boolean;
  at(thing: T): number;
  /** -1 when it is not in the heap any more. */
  setAt(thing: T, at: number): void;
}

/** Things in order, the first one at hand; putting in and taking out cost the logarithm of their number. */
export class PlacedHeap<T> {
  readonly #things: T[] = [];
  readonly #placing: Placing<T>;

  constructor(placing: Placing<T>) {
    this.#placing = placing;
  }

  get size(): number {
    return this.#things.length;
  }

  get first(): T | undefined {
    return this.#things[0];
  }

  put(thing: T): void {
    this.#things.push(thing);
    this.#up(thing, this.#things.length - 1);
  }

  /** Takes it out; harmless when it is not in. */
  remove(thing: T): void {
    const at = this.#placing.at(thing);
    if (at < 0) return;
    this.#placing.setAt(thing, -1);
    const last = this.#things.pop();
    if (last === undefined || last === thing) return;
    const parent = this.#things[(at - 1) >> 1];
    if (at > 0 && parent !== undefined && this.#placing.isBefore(last, parent)) this.#up(last, at);
    else this.#down(last, at);
  }

  #up(thing: T, from: number): void {
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#things[parentAt];
      if (parent === undefined || !this.#placing.isBefore(thing, parent)) break;
      this.#set(parent, at);
      at = parentAt;
    }
    this.#set(thing, at);
  }

  #down(thing: T, from: number): void {
    let at = from;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = this.#things[childAt];
      if (child === undefined) break;
      const other = this.#things[childAt + 1];
      if (other !== undefined && this.#placing.isBefore(other, child)) {
        child = other;
        childAt += 1;
      }
      if (!this.#placing.isBefore(child, thing)) break;
      this.#set(child, at);
      at = childAt;
    }
    this.#set(thing, at);
  }

  #set(thing: T, at: number): void {
    this.#things[at] = thing;
    this.#placing.setAt(thing, at);
  }
}
