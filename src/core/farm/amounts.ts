const units = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/** A time of so many seconds in its two largest units: `3d 4h`, `12m 5s`, `8s`; never negative. */
export function ageText(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  const first = units.findIndex(([, size]) => rest >= size);
  for (const [unit, size] of first === -1 ? units.slice(-1) : units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    if (count > 0 || parts.length === 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.join(" ");
}

/** Bytes in three digits or so: `512 B`, `31.5 MiB`, `128 MiB`, `2.3 GiB`. */
export function bytesText(bytes: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let at = 0;
  // 1,023.6 KiB would be shown as 1024 KiB.
  for (; Math.round(value) >= 1024 && at < names.length - 1; at++) value /= 1024;
  const digits = at > 0 && value < 99.95 ? 1 : 0;
  return `${Number(value.toFixed(digits))} ${names[at]}`;
}

/** A share as percent of one processor: `0%`, `1.2%`, `250%`. */
export function percentText(share: number): string {
  const percent = share * 100;
  return `${Number(percent.toFixed(percent < 99.95 ? 1 : 0))}%`;
}
