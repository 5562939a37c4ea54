import { addressOf, ownBuffer } from "./libc.ts";

/** What a process is to be, as the kernel takes it. No text may have a NUL in it. */
export interface StartWords {
  /** A path; from `folder` where it does not begin with a slash. */
  readonly program: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its working directory. */
  readonly folder: string;
  /** As `pm __exec` takes them (see exec-words.ts). */
  readonly settings: readonly string[];
}

const pointerBytes = 8;
/** Room for the value of a variable that changes from start to start. */
const maxChangingBytes = 128;

/** The words of a start, in memory as C has them, so that they are made once for all starts of a worker's kind. */
export class StartBlock {
  /** Addresses: program, folder, argv, envp, settings, end of the settings. */
  readonly pointers = ownBuffer(6 * pointerBytes);
  readonly #memory: Buffer;
  readonly #places = new Map<string, number>();
  #used = 0;

  /** The variables `changing` are set before each start; what `env` says of them does not count. Throws a TypeError for a NUL. */
  constructor({ program, argv, env, folder, settings }: StartWords, changing: readonly string[]) {
    const fixed = Object.entries(env).filter(([name]) => !changing.includes(name));
    const lists = [argv, [...fixed.map(([name, value]) => `${name}=${value}`), ...changing], settings] as const;
    const texts = [program, folder, ...lists.flat()];
    if (texts.some((text) => text.includes("\0"))) throw new TypeError("a text with a NUL in it");
    const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
    const listsBytes = lists.reduce((sum, list) => sum + (list.length + 1) * pointerBytes, 0);
    this.#memory = ownBuffer(listsBytes + textBytes + changing.length * (1 + maxChangingBytes));
    const [argvAt, envAt, settingsAt] = this.#layOut(lists, new Set(changing));
    const addresses = [
      this.#text(program),
      this.#text(folder),
      argvAt,
      envAt,
      settingsAt,
      settingsAt + settings.length * pointerBytes,
    ];
    addresses.forEach((address, index) => this.pointers.writeBigUInt64LE(BigInt(address), index * pointerBytes));
  }

  /** Sets one of the changing variables; throws a RangeError when the value is too long. */
  set(name: string, value: string): void {
    const at = this.#places.get(name);
    if (at === undefined || value.length > maxChangingBytes) throw new RangeError(`${name}=${value}`);
    this.#memory.writeUInt8(0, at + this.#memory.write(value, at, "latin1"));
  }

  /** The lists one after the other, each of addresses and a null, then all texts; gives the addresses of the lists. */
  #layOut(
    lists: readonly [readonly string[], readonly string[], readonly string[]],
    changing: ReadonlySet<string>,
  ): readonly [number, number, number] {
    const base = addressOf(this.#memory);
    const starts: [number, number, number] = [0, 0, 0];
    lists.forEach((list, index) => {
      starts[index] = this.#used;
      this.#used += (list.length + 1) * pointerBytes;
    });
    lists.forEach((list, which) => {
      list.forEach((text, index) => {
        const isVariable = which === 1 && changing.has(text);
        const address = isVariable ? this.#variable(text) : this.#text(text);
        this.#memory.writeBigUInt64LE(BigInt(address), (starts[which] ?? 0) + index * pointerBytes);
      });
    });
    return [base + starts[0], base + starts[1], base + starts[2]];
  }

  #text(text: string): number {
    const at = this.#used;
    this.#used += this.#memory.write(text, at) + 1; // the memory is all zeros
    return addressOf(this.#memory) + at;
  }

  #variable(name: string): number {
    const address = this.#text(`${name}=`);
    this.#places.set(name, this.#used - 1);
    this.#used += maxChangingBytes;
    return address;
  }
}
