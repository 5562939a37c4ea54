/** Numbered things by their time, the earliest first; of equal times the one that was put in first. */
export class TimeHeap {
  #times = new Float64Array(64);
  #orders = new Float64Array(64);
  #things = new Int32Array(64);
  #size = 0;
  #put = 0;

  get size(): number {
    return this.#size;
  }

  /** The earliest time; infinite when empty. */
  get next(): number {
    return this.#size === 0 ? Infinity : this.#time(0);
  }

  put(time: number, thing: number): void {
    if (this.#size === this.#times.length) this.#grow();
    let at = this.#size++;
    const order = this.#put++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isLater(parent, time, order)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, time, order, thing);
  }

  /** Takes the earliest thing out; -1 when empty. */
  take(): number {
    if (this.#size === 0) return -1;
    const first = this.#things[0] ?? -1;
    const last = --this.#size;
    const [time, order, thing] = [this.#time(last), this.#orders[last] ?? 0, this.#things[last] ?? -1];
    let at = 0;
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && this.#isLater(child, this.#time(child + 1), this.#orders[child + 1] ?? 0)) child++;
      if (this.#isLater(child, time, order)) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, time, order, thing);
    return first;
  }

  #time(at: number): number {
    return this.#times[at] ?? Infinity;
  }

  #isLater(at: number, time: number, order: number): boolean {
    const own = this.#time(at);
    return own > time || (own === time && (this.#orders[at] ?? 0) > order);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#time(from), this.#orders[from] ?? 0, this.#things[from] ?? -1);
  }

  #set(at: number, time: number, order: number, thing: number): void {
    this.#times[at] = time;
    this.#orders[at] = order;
    this.#things[at] = thing;
  }

  #grow(): void {
    const [times, orders, things] = [this.#times, this.#orders, this.#things];
    this.#times = new Float64Array(2 * times.length);
    this.#orders = new Float64Array(2 * times.length);
    this.#things = new Int32Array(2 * times.length);
    this.#times.set(times);
    this.#orders.set(orders);
    this.#things.set(things);
  }
}
