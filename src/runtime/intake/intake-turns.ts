import type { Intake } from "../tasks/task-ports.ts";

type MakeIntake = () => Intake | Promise<Intake>;

/**
 * The queues a farm is fed from. Of one place only one is open at a time: a second one would take what the first still has in hand for what an
 * earlier life of pm has left behind, and have it done twice.
 */
export class IntakeTurns {
  readonly #intakes = new Set<Intake>();
  /** By place; each resolves when the last one that was opened there has stopped. */
  readonly #over = new Map<string, Promise<void>>();

  /** `make` is called now, or when the one before it at this place has stopped; that it needs a moment is waited for before the intake stops. */
  open(place: string, make: MakeIntake): Intake {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const turn = new Turn(this.#over.get(place), make, () => {
      this.#intakes.delete(turn);
      if (this.#over.get(place) === over) this.#over.delete(place);
      resolve();
    });
    this.#intakes.add(turn);
    this.#over.set(place, over);
    return turn;
  }

  /** Resolves when all have stopped. */
  async end(): Promise<void> {
    await Promise.all([...this.#intakes].map((intake) => intake.stop()));
  }
}

class Turn implements Intake {
  readonly #make: MakeIntake;
  readonly #ended: () => void;
  readonly #isNext: Promise<void> | undefined;
  #intake: Intake | null = null;
  #stopping: Promise<void> | null = null;

  constructor(before: Promise<void> | undefined, make: MakeIntake, ended: () => void) {
    this.#make = make;
    this.#ended = ended;
    this.#isNext = before === undefined ? this.#open() : before.then(() => this.#open());
  }

  depth(): number | null {
    return this.#intake?.depth() ?? null;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(this.#ended);
    return this.#stopping;
  }

  /** Resolves when there is an intake; undefined when there is at once, or none is wanted any more. */
  #open(): Promise<void> | undefined {
    if (this.#stopping !== null) return undefined;
    const made = this.#make();
    if (made instanceof Promise) return made.then((intake) => void (this.#intake = intake));
    this.#intake = made;
    return undefined;
  }

  async #stop(): Promise<void> {
    if (this.#intake === null) await this.#isNext;
    await this.#intake?.stop();
  }
}
