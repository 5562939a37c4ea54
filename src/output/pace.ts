/** Less than this in a turn is no flood, and is passed on at once. */
const floodBytes = 2_048;
/** Sources that give more than this at a read are ahead of us: there is nothing to wait for. */
const aheadBytes = 32_768;
/** As long as a pipe takes to fill by half, about, when its worker does nothing but write. */
const restUs = 50;

/**
 * How long to rest between turns. In a flood that is kept up with, each wake-up finds a few lines and costs as much as many; a short rest
 * lets more of them gather. Lines of a farm that is not flooding never wait.
 */
export class Pace {
  #bytes = 0;
  #reads = 0;

  /** So much has come of one source in this turn. */
  heard(bytes: number): void {
    this.#bytes += bytes;
    this.#reads += 1;
  }

  /** Ends the turn: how many microseconds to rest. */
  turn(): number {
    const rests = this.#bytes >= floodBytes && this.#bytes < this.#reads * aheadBytes;
    this.#bytes = 0;
    this.#reads = 0;
    return rests ? restUs : 0;
  }
}
