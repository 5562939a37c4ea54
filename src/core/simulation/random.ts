/** The next number of a stream, in (0, 1). */
export type Random = () => number;

/**
 * A stream of numbers that look like chance and are always the same for a seed and a stream number: xoshiro128** (Blackman and
 * Vigna 2018), its state filled by splitmix32.
 */
export function randomFrom(seed: number, stream = 0): Random {
  let fill = (seed ^ Math.imul(stream + 1, 0x9e3779b9)) >>> 0;
  const word = (): number => {
    fill = (fill + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(fill ^ (fill >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [word(), word(), word(), word()];
  return () => {
    const drawn = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    return (drawn + 0.5) / 2 ** 32;
  };
}

const rotated = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** An exponentially distributed number of mean 1. */
export function exponential(random: Random): number {
  return -Math.log(random());
}

/** A standard normal number (Box and Muller 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}
