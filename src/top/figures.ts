/** Seconds as the two largest units: `4s`, `3m12s`, `2h03m`, `3d04h`. */
export function shortDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${two(Math.floor(whole / 60) % 60)}m`;
  return `${Math.floor(whole / 86_400)}d${two(Math.floor(whole / 3600) % 24)}h`;
}

/** `12:34:56` of an ISO 8601 instant, in local time. */
export function clockTime(at: string): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
}

const two = (value: number): string => String(value).padStart(2, "0");

/** At most five characters: `812K`, `38M`, `1.2G`. */
export function shortBytes(bytes: number): string {
  let value = bytes / 1024;
  for (const unit of ["K", "M", "G", "T"]) {
    if (value < 1000 || unit === "T")
      return `${value < 10 && unit !== "K" ? value.toFixed(1) : Math.round(value)}${unit}`;
    value /= 1024;
  }
  return "";
}

/** A number for a narrow column: `0`, `0.4`, `12`, `1.2k`, `34k`. */
export function shortNumber(value: number): string {
  if (value >= 999.5) return `${value < 9950 ? (value / 1000).toFixed(1) : Math.round(value / 1000)}k`;
  return value < 9.95 ? String(Number(value.toFixed(1))) : String(Math.round(value));
}

/** A share of 0..1 as a bar; above zero at least one cell is filled. */
export function bar(share: number, cells: number): string {
  const full = Math.max(share > 0 ? 1 : 0, Math.min(cells, Math.round(share * cells)));
  return "█".repeat(full) + "░".repeat(cells - full);
}

const levels = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** Shares of 0..1 as one character each; null leaves a blank. */
export function sparkline(shares: readonly (number | null)[]): string {
  return shares.map((share) => (share === null ? " " : (levels[Math.round(Math.min(1, share) * 7)] ?? " "))).join("");
}
