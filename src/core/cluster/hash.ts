/** 64 bits as two unsigned halves: BigInt would cost a hundred times as much. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** Well-mixed bits of a text, the same on every machine and in every version of pm: nodes must agree on them. */
export function hashText(text: string): Hash64 {
  let high = 0x9e3779b9;
  let low = 0x7f4a7c15;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x01000193);
    high ^= high >>> 15;
    low = Math.imul(low ^ unit, 0x5bd1e995);
    low ^= low >>> 13;
  }
  return mixed(high ^ text.length, low);
}

/** Bits that depend on both, in this order. */
export function combine(a: Hash64, b: Hash64): Hash64 {
  const { high, low } = mixed(a.high, a.low ^ 0x85157af5);
  return mixed(high ^ b.high, low ^ b.low);
}

/** Below 0 when `a` is the smaller number. */
export function compareHashes(a: Hash64, b: Hash64): number {
  return a.high - b.high || a.low - b.low;
}

/** Lets every bit of both halves bear on every bit of both. */
function mixed(high: number, low: number): Hash64 {
  const first = avalanche(high ^ avalanche(low));
  const second = avalanche(low ^ first);
  return { high: avalanche(first ^ second), low: second };
}

/** A one-to-one mapping of 32 bits in which each bit flips about half of the others. */
function avalanche(bits: number): number {
  let mix = bits;
  mix = Math.imul(mix ^ (mix >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}
