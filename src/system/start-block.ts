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

/** So many starts can be under way at once: as many as there are pads in scripts/loader/spawn.c. */
export const pads = 2;

/**
 * The words of a start, in memory as C has them, so that they are made once for all starts of a worker's kind. Only the variables that change
 * are there for each pad, since another start may be under way that still needs its own.
 */
export class StartBlock {
  readonly #pointers = Array.from({ length: pads }, () => ownBuffer(6 * pointerBytes));
  readonly #memory: Buffer;
  /** Where the values of the changing variables are, for each pad. */
  readonly #places = Array.from({ length: pads }, () => new Map<string, number>());
  #used = 0;

  /** The variables `changing` are set before each start; what `env` says of them does not count. Throws a TypeError for a NUL. */
  constructor({ program, argv, env, folder, settings }: StartWords, changing: readonly string[]) {
    const fixed = Object.entries(env).filter(([name]) => !changing.includes(name));
    const variables = fixed.map(([name, value]) => `${name}=${value}`);
    const texts = [program, folder, ...argv, ...variables, ...changing, ...settings];
    if (texts.some((text) => text.includes("\0"))) throw new TypeError("a text with a NUL in it");
    const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
    const changingBytes = changing.reduce((sum, name) => sum + name.length + 2 + maxChangingBytes, 0);
    const addressCount = argv.length + 1 + settings.length + 1 + pads * (variables.length + changing.length + 1);
    this.#memory = ownBuffer(addressCount * pointerBytes + textBytes + pads * changingBytes);
    this.#used = addressCount * pointerBytes; // all lists come first, at addresses that can be divided by eight
    const list = listsFrom(this.#memory);
    const settingsAt = list(this.#texts(settings));
    const argvAt = list(this.#texts(argv));
    const fixedAt = this.#texts(variables);
    const [programAt, folderAt] = [this.#text(program), this.#text(folder)];
    this.#pointers.forEach((pointers, pad) => {
      const envAt = list([...fixedAt, ...changing.map((name) => this.#variable(pad, name))]);
      const addresses = [programAt, folderAt, argvAt, envAt, settingsAt, settingsAt + settings.length * pointerBytes];
      addresses.forEach((address, index) => pointers.writeBigUInt64LE(BigInt(address), index * pointerBytes));
    });
  }

  /** Addresses for a start on this pad: program, folder, argv, envp, settings, end of the settings. */
  pointers(pad: number): Buffer {
    return this.#pointers[pad]!;
  }

  /** Sets one of the changing variables for a start on this pad; throws a RangeError when the value is too long. */
  set(pad: number, name: string, value: string): void {
    const at = this.#places[pad]?.get(name);
    if (at === undefined || value.length > maxChangingBytes) throw new RangeError(`${name}=${value}`);
    this.#memory.writeUInt8(0, at + this.#memory.write(value, at, "latin1"));
  }

  #texts(texts: readonly string[]): number[] {
    return texts.map((text) => this.#text(text));
  }

  #text(text: string): number {
    const at = this.#used;
    this.#used += this.#memory.write(text, at) + 1; // the memory is all zeros
    return addressOf(this.#memory) + at;
  }

  #variable(pad: number, name: string): number {
    const address = this.#text(`${name}=`);
    this.#places[pad]?.set(name, this.#used - 1);
    this.#used += maxChangingBytes;
    return address;
  }
}

/** Writes lists of addresses one behind the other from the beginning of the memory, each with a null at its end; gives where it is. */
function listsFrom(memory: Buffer): (addresses: readonly number[]) => number {
  let used = 0;
  return (addresses) => {
    const at = addressOf(memory) + used;
    for (const address of addresses) used = memory.writeBigUInt64LE(BigInt(address), used);
    used += pointerBytes;
    return at;
  };
}
