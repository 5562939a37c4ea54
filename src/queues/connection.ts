/** A client that is made when it is first needed, and made anew after every failure: so nothing has to be reconnected, or to be trusted again. */
export class Connection<Client> {
  readonly #open: (lost: () => void) => Client;
  readonly #close: (client: Client) => void;
  #client: Client | null = null;

  /** `open` makes a client without waiting, and calls `lost` when the other side has hung up; `close` ends it with all that it is doing. */
  constructor(open: (lost: () => void) => Client, close: (client: Client) => void) {
    this.#open = open;
    this.#close = close;
  }

  /** Does some work with the client. When that fails or `signal` aborts, the client is given up. */
  async use<Answer>(signal: AbortSignal, work: (client: Client) => Promise<Answer>): Promise<Answer> {
    const client = this.#client ?? this.#make();
    const giveUp = (): void => this.#drop(client);
    signal.addEventListener("abort", giveUp);
    try {
      return await work(client);
    } catch (error) {
      giveUp();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  close(): void {
    if (this.#client !== null) this.#drop(this.#client);
  }

  #make(): Client {
    const client = this.#open(() => {
      if (this.#client === client) this.#client = null;
    });
    this.#client = client;
    return client;
  }

  #drop(client: Client): void {
    if (this.#client === client) this.#client = null;
    this.#close(client);
  }
}
