import { shortDuration } from "../../top/figures.ts";

/** How far a run has come. */
export interface MapProgress {
  readonly consumer: string;
  /** Answered, by this run and by those before it. */
  readonly lines: number;
  /** By those before it. */
  readonly linesBefore: number;
  readonly failed: number;
  readonly seconds: number;
  /** Lines and bytes that have been read, and the bytes there are; null where nobody knows. */
  readonly input: { readonly lines: number; readonly bytes: number; readonly sizeBytes: number | null };
}

const barWidth = 20;

/** One line for a terminal of so many columns. */
export function progressText(progress: MapProgress, columns: number): string {
  const { consumer, lines, linesBefore, failed, seconds, input } = progress;
  const rate = seconds === 0 ? 0 : (lines - linesBefore) / seconds;
  const parts = [
    `${counted(lines)} done`,
    failed === 0 ? "" : `${counted(failed)} failed`,
    `${counted(Math.round(rate))}/s`,
  ];
  const share = shareOf(lines, input);
  if (share !== null) {
    const left = rate === 0 ? null : (lines / share - lines) / rate;
    parts.push(`${Math.floor(share * 100)} %`, left === null || share === 1 ? "" : `${shortDuration(left)} left`);
  }
  const text = `${consumer}: ${parts.filter((part) => part !== "").join(", ")}`;
  const filled = Math.floor((share ?? 0) * barWidth);
  const bar = share === null ? "" : `[${"#".repeat(filled)}${"-".repeat(barWidth - filled)}] `;
  return (bar.length + text.length < columns ? bar + text : text).slice(0, Math.max(0, columns - 1));
}

/** By bytes, as if those that were read were all alike; null where it cannot be known. */
function shareOf(lines: number, { lines: read, bytes, sizeBytes }: MapProgress["input"]): number | null {
  if (sizeBytes === null || sizeBytes === 0 || read === 0) return null;
  return lines === 0 ? null : Math.min(1, ((lines / read) * bytes) / sizeBytes);
}

/** `1,234,567` */
export function counted(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/gu, ",");
}
