import type { Quantity } from "./duration.ts";

/** Powers of 1024, as PHP and Docker mean them. */
const units: readonly (readonly [unit: string, bytes: number])[] = [
  ["T", 1024 ** 4],
  ["G", 1024 ** 3],
  ["M", 1024 ** 2],
  ["K", 1024],
];

/** `64MiB`, `128M`, `512K`, `1.5G` or a bare number of bytes, to whole bytes; `M`, `MB` and `MiB` are the same. */
export function parseSize(text: string): Quantity {
  const found = /^(\d+\.?\d*|\.\d+)\s*([a-z]*)$/iu.exec(text.trim());
  if (found === null) {
    return /^[-+]/u.test(text.trim())
      ? { ok: false, problem: "a size has no sign" }
      : { ok: false, problem: "write a size such as 128M, 64MiB or 1G" };
  }
  const [, amount = "", unit = ""] = found;
  const upper = unit.toUpperCase();
  const letter = upper.replace(/I?B$/u, "");
  const bytes = letter === "" ? 1 : units.find(([name]) => name === letter)?.[1];
  if (bytes === undefined || upper === "IB") return { ok: false, problem: unknownUnit(amount, upper) };
  const value = Math.round(Number(amount) * bytes);
  return Number.isSafeInteger(value) ? { ok: true, value } : { ok: false, problem: "is more than pm can count" };
}

function unknownUnit(amount: string, unit: string): string {
  const first = unit.charAt(0);
  return units.some(([name]) => name === first)
    ? `unknown unit; write ${amount}${first}`
    : "unknown unit; the units are K, M, G and T (or KiB, MiB, GiB, TiB)";
}

/** Whole bytes to the shortest text that `parseSize` (and PHP) reads back: `128M`, `1G`, `1536K`, `1000`. */
export function formatSize(bytes: number): string {
  for (const [unit, size] of units) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}
